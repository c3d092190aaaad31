// The online store that a command works on, as the configuration chooses it (online.store).

#pragma once

#include <memory>

#include "cli/session.h"
#include "core/base/result.h"
#include "core/online/open_store.h"
#include "core/plugin/backends.h"

namespace rtml::cli {

Result<online::StoreChoice> store_choice(Session& session);

// Fails as online::open_store() does.
Result<std::unique_ptr<plugin::OnlineStore>> open_online_store(Session& session);

}  // namespace rtml::cli
