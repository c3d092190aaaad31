// Reading CSV as RFC 4180 has it: a header, fields that may be quoted, records of equal length.
//
// Beyond the RFC: any one-character delimiter, LF or CRLF, a byte order mark, blank lines between
// records. A field that is empty and not quoted is null. Memory holds one block and the longest
// record (limited to 64 MiB).

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "plugins/storage/file/table_file.h"
#include "plugins/storage/file/text_value.h"

namespace rtml::file {

// The names in the header. Fails with kDataEmpty if the file holds nothing, and with kDataCorrupt
// if a name is empty, twice there or not UTF-8.
Result<std::vector<std::string>> read_csv_header(const std::string& file,
                                                 const TextOptions& options);

// Reads a whole file and adds what it holds to the guesses, by column name.
Status guess_csv_types(const std::string& file, const TextOptions& options,
                       std::map<std::string, TypeGuess>& guesses, const Checkpoint& checkpoint);

// Opens the rows of a file. Fails with kDataMissingColumn if a wanted column is not in the header.
Result<std::unique_ptr<FileRows>> open_csv(const std::string& file, const ScanSettings& settings);

}  // namespace rtml::file
