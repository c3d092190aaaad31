// Shapes that occur in many kinds of files, and the parts that every definition has. Internal to
// core/schema.

#pragma once

#include <array>
#include <cstddef>

#include "core/schema/shape.h"

namespace rtml::schema {

inline constexpr Shape kText = {.kind = ShapeKind::kText, .noun = "a text"};
inline constexpr Shape kColumn = {
    .kind = ShapeKind::kText, .noun = "the name of a column", .definition = "column"};
inline constexpr Shape kName = {.kind = ShapeKind::kName, .noun = "a name", .definition = "name"};
inline constexpr Shape kExpression = {
    .kind = ShapeKind::kExpression, .noun = "an expression", .definition = "expression"};
inline constexpr Shape kDataType = {
    .kind = ShapeKind::kDataType, .noun = "a type", .definition = "data_type"};
inline constexpr Shape kDuration = {
    .kind = ShapeKind::kDuration, .noun = "a duration", .definition = "duration"};
inline constexpr Shape kPositiveDuration = {.kind = ShapeKind::kDuration,
                                            .noun = "a duration",
                                            .definition = "duration",
                                            .is_positive = true};
inline constexpr Shape kTimestamp = {
    .kind = ShapeKind::kTimestamp, .noun = "a timestamp", .definition = "timestamp"};
inline constexpr Shape kBool = {.kind = ShapeKind::kBool, .noun = "true or false"};
inline constexpr Shape kNumber = {.kind = ShapeKind::kNumber, .noun = "a number"};
inline constexpr Shape kShare = {
    .kind = ShapeKind::kNumber, .noun = "a number from 0 to 1", .minimum = 0, .maximum = 1};
inline constexpr Shape kPositiveCount = {
    .kind = ShapeKind::kInteger, .noun = "an integer of 1 or more", .minimum = 1};
inline constexpr Shape kCount = {
    .kind = ShapeKind::kInteger, .noun = "an integer of 0 or more", .minimum = 0};
inline constexpr Shape kAny = {.kind = ShapeKind::kAny, .noun = "any value"};
inline constexpr Shape kNull = {.kind = ShapeKind::kNull, .noun = "null"};
inline constexpr Shape kColumnList = {
    .kind = ShapeKind::kList, .noun = "a list of columns", .item = &kColumn, .has_no_twins = true};
inline constexpr Shape kTags = {
    .kind = ShapeKind::kMap, .noun = "a mapping of texts", .item = &kText};
inline constexpr Shape kFreeMap = {.kind = ShapeKind::kMap, .noun = "a mapping", .item = &kAny};

// The keys that every definition has, before its own.
template <std::size_t N>
inline constexpr std::array<Field, N + 4> with_notes(const Shape& kind, bool kind_required,
                                                     const Field (&own)[N]) {
  std::array<Field, N + 4> all{};
  all[0] = {.key = "kind",
            .shape = &kind,
            .required = kind_required,
            .description = "What this document defines."};
  for (std::size_t i = 0; i < N; ++i) all[i + 1] = own[i];
  all[N + 1] = {.key = "description",
                .shape = &kText,
                .description = "For people; has no effect.",
                .interpolates = true};
  all[N + 2] = {.key = "owner",
                .shape = &kText,
                .description = "Who answers for it; has no effect.",
                .interpolates = true};
  all[N + 3] = {.key = "tags",
                .shape = &kTags,
                .description = "Words to find it by; have no effect.",
                .interpolates = true};
  return all;
}

inline constexpr Shape one_word(const std::string_view (&word)[1]) {
  return {.kind = ShapeKind::kChoice, .noun = "a kind", .choices = word};
}

inline constexpr Field name_of(std::string_view description) {
  return {.key = "name", .shape = &kName, .required = true, .description = description};
}

}  // namespace rtml::schema
