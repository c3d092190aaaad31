#include "tests/fuzz/decoding.h"

using rtml::fuzz::wanted;
using rtml::table::Kind;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return rtml::fuzz::check_decoder(data, size, [] {
    rtml::message::DecoderSettings settings;
    settings.format = "protobuf";
    settings.options = {{"schema", "payment.pb"}, {"message", "shop.events.Payment"}};
    settings.root = rtml::fuzz::messages_directory();
    settings.columns = {
        wanted("payment_id", {Kind::kString}),    wanted("card_id", {Kind::kInt32}),
        wanted("amount", {Kind::kDouble}),        wanted("rate", {Kind::kFloat}),
        wanted("paid_at", {Kind::kTimestamp}),    wanted("channel", {Kind::kString}),
        wanted("customer.city", {Kind::kString}), wanted("customer.address.zip", {Kind::kInt64}),
        wanted("note", {Kind::kString}),          wanted("scores", {Kind::kDouble, true}),
        wanted("codes", {Kind::kInt32, true}),    wanted("labels", {Kind::kString, true}),
        wanted("iban", {Kind::kString}),          wanted("card_number", {Kind::kInt64})};
    return settings;
  });
}
