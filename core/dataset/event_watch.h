// Looks at the events of a source as they are read: whether each has a time, and whether an id may
// be there twice.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/dataset/id_marks.h"
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

  // False if every event is known to be another one, as it is, but for accidents of a hash, where
  // no id is there twice. REQUIRES: nothing is added afterwards.
  bool may_repeat();

 private:
  // Which of 65,536 integers have been seen.
  struct Page {
    std::vector<std::uint64_t> bits = std::vector<std::uint64_t>(1024, 0);
  };
  void add_integers(const table::Column& id);
  void add_texts(const table::Column& id);
  // Takes the integer id of an event of a part; 0 where there is one source.
  void add_integer(std::uint64_t part, std::int64_t id);
  // Goes over to marks, because ids lie too far apart to be ticked off.
  void mark_pages();

  const project::Source& source_;
  std::string what_;
  std::int64_t rows_ = 0;
  bool may_repeat_ = false;
  // Integers close enough together are ticked off one by one, other ids are marked.
  bool is_marking_ = false;
  IdMarks marks_;
  // By the part, in the highest 16 bits, and the highest 48 bits of the ids.
  std::unordered_map<std::uint64_t, Page> pages_;
  // The pages that were used last, by the lowest bits of their number.
  struct Recent {
    std::uint64_t number = 0;
    Page* page = nullptr;
  };
  std::vector<Recent> recent_ = std::vector<Recent>(256);
};

}  // namespace rtml::dataset
