#include "tests/fuzz/decoding.h"

using rtml::fuzz::wanted;
using rtml::table::Kind;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return rtml::fuzz::check_decoder(data, size, [] {
    rtml::message::DecoderSettings settings;
    settings.format = "avro";
    settings.options["schema"] = "payment.avsc";
    settings.root = rtml::fuzz::messages_directory();
    settings.columns = {
        wanted("payment_id", {Kind::kString}),    wanted("card_id", {Kind::kInt32}),
        wanted("rate", {Kind::kFloat}),           wanted("fraud", {Kind::kBool}),
        wanted("seen_at", {Kind::kTimestamp}),    wanted("day", {Kind::kTimestamp}),
        wanted("price", {Kind::kDouble}),         wanted("price", {Kind::kString}),
        wanted("digest", {Kind::kBytes}),         wanted("channel", {Kind::kString}),
        wanted("customer.city", {Kind::kString}), wanted("scores", {Kind::kDouble, true})};
    return settings;
  });
}
