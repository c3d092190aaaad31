#include "plugins/storage/redis/scripts.h"

#include <openssl/evp.h>

#include <array>

#include "core/base/hexadecimal.h"

namespace rtml::redis {
namespace {

// A group that only bears fences: a member's field starts with "m", a fence's with "e". It is
// forgotten after a day; whoever was fenced has ended by then.
constexpr const char* kCommit = R"lua(
local epoch, before, after, fence = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local first = 1
if before ~= '-' then
  first = 2
  local state = redis.call('HMGET', KEYS[1], 'e', 'n')
  if state[1] and state[1] > epoch then return {'stale', state[1]} end
  local token = state[2] or ''
  if token ~= after then
    if token ~= before then return {'moved'} end
    redis.call('HSET', KEYS[1], 'e', epoch, 'n', after)
  end
end

local function has_members(group)
  if fence == '' then return redis.call('EXISTS', group) == 1 end
  for _, field in ipairs(redis.call('HKEYS', group)) do
    if string.sub(field, 1, 1) == 'm' then return true end
  end
  return false
end

local function remove_members(group)
  if fence == '' then
    redis.call('DEL', group)
    return
  end
  for _, field in ipairs(redis.call('HKEYS', group)) do
    if string.sub(field, 1, 1) == 'm' then redis.call('HDEL', group, field) end
  end
end

-- Calls a command on a group with arguments from..to of the script, not too many at once.
local function call_in_parts(command, group, from, to)
  while from <= to do
    local last = math.min(from + 999, to)
    redis.call(command, group, unpack(ARGV, from, last))
    from = last + 1
  end
end

local at = 5
for k = first, #KEYS, 2 do
  local group, index = KEYS[k], KEYS[k + 1]
  local name, replaces, expiry = ARGV[at], ARGV[at + 1] == '1', ARGV[at + 2]
  local puts, removals = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  at = at + 5
  if fence ~= '' then
    local held = redis.call('HGET', group, fence)
    if held and held > epoch then return {'stale', held} end
  end
  if replaces then remove_members(group) end
  call_in_parts('HSET', group, at, at + 2 * puts - 1)
  at = at + 2 * puts
  call_in_parts('HDEL', group, at, at + removals - 1)
  at = at + removals
  if fence ~= '' then redis.call('HSET', group, fence, epoch) end
  if puts > 0 or has_members(group) then
    -- A group that is new, or new again, has no expiry yet.
    if redis.call('ZADD', index, 0, name) == 1 or replaces then redis.call('PERSIST', group) end
    if expiry == 'never' then
      redis.call('PERSIST', group)
    elseif expiry ~= '' then
      redis.call('PEXPIREAT', group, expiry)
    end
  else
    redis.call('ZREM', index, name)
    if fence ~= '' then redis.call('PEXPIRE', group, 86400000) end
  end
end
return {'done'}
)lua";

constexpr const char* kRead = R"lua(
local found = {}
for i, group in ipairs(KEYS) do found[i] = redis.call('HGETALL', group) end
return found
)lua";

constexpr const char* kClaim = R"lua(
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and held > ARGV[2] then return redis.error_reply('STALE ' .. held) end
if held ~= ARGV[2] then
  local is_new = redis.call('EXISTS', KEYS[1]) == 0
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  if is_new then redis.call('PEXPIRE', KEYS[1], 86400000) end
end
return redis.call('HGETALL', KEYS[1])
)lua";

constexpr const char* kSweep = R"lua(
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('ZREM', KEYS[1], ARGV[i - 1]) end
end
return 1
)lua";

std::string sha1_hex(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest = {};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return hexadecimal(std::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

Script make_script(const char* text) {
  return {text, sha1_hex(text)};
}

}  // namespace

const Script& commit_script() {
  static const Script script = make_script(kCommit);
  return script;
}

const Script& read_script() {
  static const Script script = make_script(kRead);
  return script;
}

const Script& claim_script() {
  static const Script script = make_script(kClaim);
  return script;
}

const Script& sweep_script() {
  static const Script script = make_script(kSweep);
  return script;
}

}  // namespace rtml::redis
