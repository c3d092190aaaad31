// The Lua scripts of the online store. Each does the same when it is run twice, so that a command
// whose reply was lost can be sent again.

#pragma once

#include <string>

namespace rtml::redis {

struct Script {
  std::string text;
  std::string hash;  // SHA-1, hexadecimal: what EVALSHA names it by.
};

// Writes groups under the fence of their scope.
//   keys       the scope's key, then of each group its key and its index
//   arguments  epoch (20 digits), token that the scope must bear, token that it will bear, field of
//              the fence in each group ("": none); then of each group: name, "1" if it replaces
//              what is there, moment of expiry in ms ("": as it is, "never"), number of fields to
//              put, number of fields to remove, the former with their values, the latter
// Gives "done", {"stale", epoch} if a higher epoch has written the scope, {"moved"} if it bears
// another token. Where the token that it must bear is "-", the keys begin with the first group, and
// only the groups' own fences are asked.
const Script& commit_script();

// Reads groups. Keys: theirs. Gives the fields and values of each.
const Script& read_script();

// Reads a group and fences it. Keys: the group's. Arguments: field of the fence, epoch. Gives its
// fields and values, or {"stale", epoch} as an error.
const Script& claim_script();

// Removes names from an index whose groups are gone, by expiry. Keys: the index, then the groups';
// arguments: their names.
const Script& sweep_script();

}  // namespace rtml::redis
