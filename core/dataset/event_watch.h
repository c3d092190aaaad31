// Looks at the events of a source as they are read: whether each has a time, and whether an id may
// be there twice.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/project/definitions.h"
#include "core/table/batch.h"

namespace rtml::dataset {

class EventWatch {
 public:
  // `what` says whose rows they are, in errors.
  EventWatch(const project::Source& source, std::string what)
      : source_(source), what_(std::move(what)) {}

  // Fails as event_rows() does.
  Status add(const table::Batch& rows);

  // False if every event is known to be another one: the source has no ids, or they are integers
  // close enough together to be ticked off one by one, or texts that rise from row to row.
  bool may_repeat() const { return may_repeat_; }

 private:
  // Which of 65,536 integers have been seen.
  struct Page {
    std::vector<std::uint64_t> bits = std::vector<std::uint64_t>(1024, 0);
  };
  void add_integers(const table::Column& id);
  void add_texts(const table::Column& id);
  bool tick_off(std::int64_t id);

  const project::Source& source_;
  std::string what_;
  std::int64_t rows_ = 0;
  bool may_repeat_ = false;
  std::optional<std::string> last_text_;
  std::unordered_map<std::int64_t, Page> pages_;
  // The pages that were used last, by the lowest bits of their number.
  struct Recent {
    std::int64_t number = -1;
    Page* page = nullptr;
  };
  std::vector<Recent> recent_ = std::vector<Recent>(256);
};

}  // namespace rtml::dataset
