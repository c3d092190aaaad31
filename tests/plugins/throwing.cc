// Every call throws; the SDK keeps that on the plugin's side.

#include <stdexcept>

#include "rtml/sdk/plugin.h"

namespace {

namespace sdk = rtml::sdk;

class ThrowingReader : public sdk::RowReader {
 public:
  sdk::Status schema(ArrowSchema* out) override {
    sdk::export_schema({{"n", sdk::Type::kInt64}}, out);
    return {};
  }
  sdk::Result<bool> next(ArrowArray*) override { throw std::runtime_error("thrown by next"); }
};

class ThrowingStore : public sdk::TableStore {
 public:
  static sdk::Result<std::unique_ptr<ThrowingStore>> open(const std::string&, const sdk::Call&) {
    return std::make_unique<ThrowingStore>();
  }
  sdk::Status schema(const sdk::ScanRequest&, const sdk::Call&, ArrowSchema*) override {
    throw 42;  // Not even a std::exception.
  }
  sdk::Result<std::unique_ptr<sdk::RowReader>> scan(const sdk::ScanRequest&,
                                                    const sdk::Call&) override {
    return std::make_unique<ThrowingReader>();
  }
  sdk::Result<std::int64_t> write(const sdk::WriteRequest&, sdk::RowSource&,
                                  const sdk::Call&) override {
    throw std::runtime_error("thrown by write");
  }
};

}  // namespace

RTML_PLUGIN(ThrowingStore);
