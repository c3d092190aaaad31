// A schema is parsed or refused with a place or a reason, and a plan is made of it or not.

#include "core/message/avro_plan.h"
#include "tests/fuzz/decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace message = rtml::message;
  const auto schema = message::AvroSchema::parse(rtml::fuzz::text_of(data, size), "x.avsc");
  if (!schema) {
    rtml::fuzz::require(!schema.error().message().empty(), "a refusal has a reason");
    return 0;
  }
  static const message::DecoderSettings settings = [] {
    message::DecoderSettings made;
    made.columns = {rtml::fuzz::wanted("card_id", {rtml::table::Kind::kInt64})};
    return made;
  }();
  const auto plan = message::make_avro_plan(*schema, settings);
  rtml::fuzz::require(plan.has_value() || !plan.error().message().empty(), "a plan or a reason");
  return 0;
}
