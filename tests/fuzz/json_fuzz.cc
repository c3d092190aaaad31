#include "tests/fuzz/decoding.h"

using rtml::fuzz::wanted;
using rtml::table::Kind;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return rtml::fuzz::check_decoder(data, size, [] {
    rtml::message::DecoderSettings settings;
    settings.format = "json";
    settings.columns = {
        wanted("id", {Kind::kString}),         wanted("n", {Kind::kInt64}),
        wanted("small", {Kind::kInt32}),       wanted("x", {Kind::kDouble}),
        wanted("f", {Kind::kFloat}),           wanted("ok", {Kind::kBool}),
        wanted("raw", {Kind::kBytes}),         wanted("at", {Kind::kTimestamp}),
        wanted("list", {Kind::kDouble, true}), wanted("words", {Kind::kString, true})};
    settings.columns[7].unit = rtml::project::TimeUnit::kMillisecond;
    settings.columns[7].is_required = true;
    return settings;
  });
}
