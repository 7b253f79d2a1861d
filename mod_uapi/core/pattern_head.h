/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file pattern_head.h
 * The beginning of a regular expression that tells something: an expression for what every match begins with, just long enough not to
 * occur in ordinary text. With it a stream knows that a match may have begun (firewall_open.h).
 *
 * Characters are weighed by how few there are to choose from: a literal 8, a digit 4, a letter of either case or digit 2, `.` nothing.
 * A head weighs UAPI_PATTERN_HEAD_WEIGHT, which is three literals, or six digits. What is before a gap (some characters of nearly any kind,
 * spaces among them, as between two words of a sentence) weighs nothing. A head that begins with a letter or digit begins a word, or
 * each word that ends like the beginning of another would be one.
 *
 * Understood is the syntax that scanners use: literals, escapes, classes, groups without capture or with, alternatives, quantifiers.
 * Expressions with others (assertions besides \b, flags in the expression, \Q, \p, named groups) have no head.
 */
#ifndef UAPI_CORE_PATTERN_HEAD_H
#define UAPI_CORE_PATTERN_HEAD_H

#include <apr_pools.h>

#define UAPI_PATTERN_HEAD_WEIGHT 24

/** Bytes that an expression may have; a longer one has no head. */
#define UAPI_PATTERN_HEAD_LONGEST 8192

/**
 * The head, in the pool; NULL if `regex` has none. `caseless`: the flag that it is compiled with. The syntax is checked only as far as
 * it must be understood: of an expression that is none, the head may be none either. Recursion is bounded.
 */
const char *uapi_pattern_head(const char *regex, int caseless, apr_pool_t *pool);

#endif
