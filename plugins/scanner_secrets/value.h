/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file value.h
 * Questions about a run of characters that may be a secret.
 */
#ifndef SCANNER_SECRETS_VALUE_H
#define SCANNER_SECRETS_VALUE_H

#include <stddef.h>
#include <stdint.h>

/** 1 if the character is of one of the classes of rule.h. */
int value_is(unsigned char character, unsigned classes);

/** How many characters from `at` on are of the classes, at most `most`. */
size_t value_run(const char *at, size_t most, unsigned classes);
/** The same backwards, for the characters before `at`, of which there are `most`. */
size_t value_run_back(const char *at, size_t most, unsigned classes);

/** Shannon entropy in tenths of a bit a character. Looks at the first 512 characters. */
unsigned value_entropy(const char *text, size_t length);

/** How many characters are of the classes. */
size_t value_count(const char *text, size_t length, unsigned classes);

/** Length of the longest run of one and the same character. */
size_t value_longest_repeat(const char *text, size_t length);

/** 1 if `part` (small letters) occurs in the first 512 characters, in any case. */
int value_contains(const char *text, size_t length, const char *part);
/** 1 if the text is `whole` (small letters) in any case. */
int value_equals(const char *text, size_t length, const char *whole);

/** 1 for a UUID in its usual spelling. */
int value_is_uuid(const char *text, size_t length);

/** 1 for what stands in documents in place of a secret: "xxxxxxxx", "<your-key>", "YOUR_API_KEY", "${KEY}",
 * "changeme". */
int value_is_placeholder(const char *text, size_t length);

/** 1 for what is made of dictionary-like words only: lowerCamelCase, snake_case, dotted.path, without the look of
 * randomness. */
int value_is_wordy(const char *text, size_t length);

/** CRC-32 (IEEE 802.3). */
uint32_t value_crc32(const char *text, size_t length);

/** 1 if the last six characters are the base62 CRC-32 of what stands between `skip` and them. */
int value_has_crc(const char *text, size_t length, size_t skip);

#endif
