// Every call fails; a path that holds "later" fails in a way that may pass.

#include "rtml/sdk/plugin.h"

namespace {

namespace sdk = rtml::sdk;

sdk::Error failure(const std::string& path) {
  sdk::Error error = sdk::fail(RTML_STATUS_FAILED, "the warehouse is away: " + path,
                               "ask whoever runs the warehouse");
  error.retryable = path.find("later") != std::string::npos;
  return error;
}

class FailingStore : public sdk::TableStore {
 public:
  static sdk::Result<std::unique_ptr<FailingStore>> open(const std::string&, const sdk::Call&) {
    return std::make_unique<FailingStore>();
  }
  sdk::Status schema(const sdk::ScanRequest& request, const sdk::Call&, ArrowSchema*) override {
    return failure(request.path);
  }
  sdk::Result<std::unique_ptr<sdk::RowReader>> scan(const sdk::ScanRequest& request,
                                                    const sdk::Call&) override {
    return failure(request.path);
  }
  sdk::Result<std::int64_t> write(const sdk::WriteRequest& request, sdk::RowSource&,
                                  const sdk::Call&) override {
    return failure(request.path);
  }
};

}  // namespace

RTML_PLUGIN(FailingStore);
