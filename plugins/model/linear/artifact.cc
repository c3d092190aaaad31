// Writing and reading of docs/formats/linear_model.md.

#include <bit>
#include <cmath>
#include <cstring>

#include "core/base/hash.h"
#include "plugins/model/linear/learner.h"

namespace rtml::linear {
namespace {

constexpr std::string_view kMagic = "RTMLLINR";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kDigestSize = 64;  // SHA-256 in hexadecimal digits.
constexpr std::size_t kHeadSize = 8 + 4 + 8;
// Far above any model, far below what would exhaust memory.
constexpr std::uint32_t kMaxFeatures = 10'000'000;

tl::unexpected<Error> refuse(const std::string& why) {
  return fail(ErrorCode::kModelArtifact, "the bytes are no linear model: " + why);
}

class Writer {
 public:
  void integer(std::uint64_t value, int bytes) {
    for (int index = 0; index < bytes; ++index) {
      bytes_.push_back(static_cast<char>(value >> (8 * index) & 0xff));
    }
  }
  void number(double value) { integer(std::bit_cast<std::uint64_t>(value), 8); }
  void numbers(const std::vector<double>& values) {
    for (const double value : values) number(value);
  }
  void text(std::string_view value) {
    integer(value.size(), 4);
    bytes_ += value;
  }
  void raw(std::string_view value) { bytes_ += value; }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

// Reads from bytes that may be anything. After the first thing that is not there or not allowed
// every answer is 0 or empty and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return bytes_.empty(); }
  void require(bool condition) { ok_ = ok_ && condition; }

  std::uint64_t integer(std::size_t size) {
    const std::string_view read = take(size);
    std::uint64_t value = 0;
    for (std::size_t index = 0; index < read.size(); ++index) {
      value |= std::uint64_t{static_cast<unsigned char>(read[index])} << (8 * index);
    }
    return value;
  }
  std::int64_t count() {
    const auto value = static_cast<std::int64_t>(integer(8));
    require(value >= 0);
    return value;
  }
  // A number that is finite.
  double number() {
    const double value = std::bit_cast<double>(integer(8));
    require(std::isfinite(value));
    return value;
  }
  double not_negative() {
    const double value = number();
    require(value >= 0.0);
    return value;
  }
  std::string_view text() { return take(integer(4)); }
  void numbers(std::vector<double>* values) {
    for (double& value : *values) value = number();
  }
  bool has(std::uint64_t bytes) const { return ok_ && bytes <= bytes_.size(); }

 private:
  std::string_view take(std::uint64_t size) {
    require(size <= bytes_.size());
    if (!ok_) return {};
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  std::string_view bytes_;
  bool ok_ = true;
};

void write_state(const State& state, Writer* writer) {
  writer->integer(static_cast<std::uint64_t>(state.rows), 8);
  writer->integer(static_cast<std::uint64_t>(state.steps), 8);
  writer->number(state.class_weight[0]);
  writer->number(state.class_weight[1]);
  writer->number(state.passes);
  writer->number(state.label_mean);
  writer->number(state.label_scale);
  writer->integer(static_cast<std::uint64_t>(state.epochs), 8);
  writer->integer(state.converged ? 1 : 0, 1);
  writer->number(state.objective);
  for (const FeatureMoments& moments : state.moments) {
    writer->integer(static_cast<std::uint64_t>(moments.count), 8);
    writer->number(moments.mean);
    writer->number(moments.variance);
  }
  writer->numbers(state.weights);
  writer->numbers(state.squares);
  writer->numbers(state.linear);
}

// `state` has the sizes that it must have.
void read_state(Reader* reader, State* state) {
  state->rows = reader->count();
  state->steps = reader->count();
  state->class_weight[0] = reader->not_negative();
  state->class_weight[1] = reader->not_negative();
  state->passes = reader->number();
  reader->require(state->passes >= 1.0);
  state->label_mean = reader->number();
  state->label_scale = reader->number();
  reader->require(state->label_scale > 0.0);
  state->epochs = reader->count();
  const std::uint64_t converged = reader->integer(1);
  reader->require(converged <= 1);
  state->converged = converged == 1;
  state->objective = reader->number();
  for (FeatureMoments& moments : state->moments) {
    moments.count = reader->count();
    moments.mean = reader->number();
    moments.variance = reader->not_negative();
  }
  reader->numbers(&state->weights);
  for (double& square : state->squares) square = reader->not_negative();
  reader->numbers(&state->linear);
}

}  // namespace

std::string Learner::save() const {
  Writer body;
  body.text(to_canonical_json(to_json(settings_.parameters)));
  body.integer(settings_.seed, 8);
  body.integer(settings_.feature_names.size(), 4);
  for (const std::string& name : settings_.feature_names) body.text(name);
  write_state(state_, &body);

  Writer file;
  file.raw(kMagic);
  file.integer(kVersion, 4);
  file.integer(kHeadSize + body.bytes().size() + kDigestSize, 8);
  file.raw(body.bytes());
  file.raw(sha256_hex(file.bytes()));
  return std::move(file.bytes());
}

Result<Learner> Learner::load(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return refuse("they do not start with " + std::string(kMagic));
  Reader head(bytes.substr(kMagic.size()));
  const std::uint64_t version = head.integer(4);
  const std::uint64_t size = head.integer(8);
  if (head.ok() && version != kVersion) {
    return refuse("format version " + std::to_string(version) + ", this plugin reads " +
                  std::to_string(kVersion));
  }
  if (!head.ok() || size != bytes.size() || size < kHeadSize + kDigestSize) {
    return refuse("they are cut off or too long: " + std::to_string(bytes.size()) + " bytes");
  }
  const std::string_view signed_bytes = bytes.substr(0, bytes.size() - kDigestSize);
  if (sha256_hex(signed_bytes) != bytes.substr(signed_bytes.size())) {
    return refuse("they do not match their SHA-256");
  }

  Reader reader(signed_bytes.substr(kHeadSize));
  const std::string_view parameters_text = reader.text();
  const std::uint64_t seed = reader.integer(8);
  const std::uint64_t feature_count = reader.integer(4);
  reader.require(feature_count >= 1 && feature_count <= kMaxFeatures && reader.has(feature_count));
  Settings settings;
  settings.seed = seed;
  for (std::uint64_t feature = 0; reader.ok() && feature < feature_count; ++feature) {
    settings.feature_names.emplace_back(reader.text());
  }
  if (!reader.ok()) return refuse("the names of the features cannot be read");
  const Result<Json> json = parse_json(parameters_text, "parameters");
  if (!json) return refuse(json.error().message());
  Result<Parameters> parameters = parse_parameters(*json);
  if (!parameters) return refuse(parameters.error().message());
  settings.parameters = std::move(*parameters);
  // The rest must be there before memory is taken for it.
  if (!reader.has(feature_count * 8)) return refuse("the state cannot be read");
  Learner learner(std::move(settings));
  read_state(&reader, &learner.state_);
  if (!reader.ok() || !reader.at_end()) return refuse("the state cannot be read");
  return learner;
}

}  // namespace rtml::linear
