/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/*
 * The cases of JSONTestSuite (nst/JSONTestSuite, folder test_parsing), by its names: what a reader must accept, must
 * refuse, and may do either with. Each row states what this reader does. It refuses four texts of the first kind, by
 * its own rules: duplicate keys and NULs, which parsers read differently. Of the third kind it accepts numbers of any
 * size, since it keeps their spelling, and refuses what is not Unicode text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>

#include "json.h"

typedef struct suite_case {
    const char *name;
    const char *text;
    size_t length;
    uapi_reason reason; /* NONE: accepted */
} suite_case;

#define ACCEPTED(name, text)                           \
    {                                                  \
        name, text, sizeof(text) - 1, UAPI_REASON_NONE \
    }
#define REFUSED(reason, name, text)                             \
    {                                                           \
        name, text, sizeof(text) - 1, UAPI_REASON_JSON_##reason \
    }

static const suite_case must_accept[] = {
    ACCEPTED("array_arraysWithSpaces", "[[]   ]"),
    ACCEPTED("array_empty-string", "[\"\"]"),
    ACCEPTED("array_empty", "[]"),
    ACCEPTED("array_ending_with_newline", "[\"a\"]"),
    ACCEPTED("array_false", "[false]"),
    ACCEPTED("array_heterogeneous", "[null, 1, \"1\", {}]"),
    ACCEPTED("array_null", "[null]"),
    ACCEPTED("array_with_1_and_newline", "[1\n]"),
    ACCEPTED("array_with_leading_space", " [1]"),
    ACCEPTED("array_with_several_null", "[1,null,null,null,2]"),
    ACCEPTED("array_with_trailing_space", "[2] "),
    ACCEPTED("number", "[123e65]"),
    ACCEPTED("number_0e+1", "[0e+1]"),
    ACCEPTED("number_0e1", "[0e1]"),
    ACCEPTED("number_after_space", "[ 4]"),
    ACCEPTED("number_double_close_to_zero",
             "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]\n"),
    ACCEPTED("number_int_with_exp", "[20e1]"),
    ACCEPTED("number_minus_zero", "[-0]"),
    ACCEPTED("number_negative_int", "[-123]"),
    ACCEPTED("number_negative_one", "[-1]"),
    ACCEPTED("number_negative_zero", "[-0]"),
    ACCEPTED("number_real_capital_e", "[1E22]"),
    ACCEPTED("number_real_capital_e_neg_exp", "[1E-2]"),
    ACCEPTED("number_real_capital_e_pos_exp", "[1E+2]"),
    ACCEPTED("number_real_exponent", "[123e45]"),
    ACCEPTED("number_real_fraction_exponent", "[123.456e78]"),
    ACCEPTED("number_real_neg_exp", "[1e-2]"),
    ACCEPTED("number_real_pos_exponent", "[1e+2]"),
    ACCEPTED("number_simple_int", "[123]"),
    ACCEPTED("number_simple_real", "[123.456789]"),
    ACCEPTED("object", "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}"),
    ACCEPTED("object_basic", "{\"asd\":\"sdf\"}"),
    /* stricter: two equal keys: parsers keep the first, the last or both */
    REFUSED(DUPLICATE_KEY, "object_duplicated_key", "{\"a\":\"b\",\"a\":\"c\"}"),
    /* stricter: two equal keys: parsers keep the first, the last or both */
    REFUSED(DUPLICATE_KEY, "object_duplicated_key_and_value", "{\"a\":\"b\",\"a\":\"b\"}"),
    ACCEPTED("object_empty", "{}"),
    ACCEPTED("object_empty_key", "{\"\":0}"),
    /* stricter: a NUL: C strings end there */
    REFUSED(NUL, "object_escaped_null_in_key", "{\"foo\\u0000bar\": 42}"),
    ACCEPTED("object_extreme_numbers", "{ \"min\": -1.0e+28, \"max\": 1.0e+28 }"),
    ACCEPTED("object_long_strings",
             "{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": \"xxxxxxxxxxxxxxxxxxxxxxx"
             "xxxxxxxxxxxxxxxxx\"}"),
    ACCEPTED("object_simple", "{\"a\":[]}"),
    ACCEPTED("object_string_unicode",
             "{\"title\":\"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430 \\u0417\\u0435\\u043c\\u043b\\u0435"
             "\\u043a\\u043e\\u043f\\u0430\" }"),
    ACCEPTED("object_with_newlines", "{\n\"a\": \"b\"\n}"),
    ACCEPTED("string_1_2_3_bytes_UTF-8_sequences", "[\"\\u0060\\u012a\\u12AB\"]"),
    ACCEPTED("string_accepted_surrogate_pair", "[\"\\uD801\\udc37\"]"),
    ACCEPTED("string_accepted_surrogate_pairs", "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
    ACCEPTED("string_allowed_escapes", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"),
    ACCEPTED("string_backslash_and_u_escaped_zero", "[\"\\\\u0000\"]"),
    ACCEPTED("string_backslash_doublequotes", "[\"\\\"\"]"),
    ACCEPTED("string_comments", "[\"a/*b*/c/*d//e\"]"),
    ACCEPTED("string_double_escape_a", "[\"\\\\a\"]"),
    ACCEPTED("string_double_escape_n", "[\"\\\\n\"]"),
    ACCEPTED("string_escaped_control_character", "[\"\\u0012\"]"),
    ACCEPTED("string_escaped_noncharacter", "[\"\\uFFFF\"]"),
    ACCEPTED("string_in_array", "[\"asd\"]"),
    ACCEPTED("string_in_array_with_leading_space", "[ \"asd\"]"),
    ACCEPTED("string_last_surrogates_1_and_2", "[\"\\uDBFF\\uDFFF\"]"),
    ACCEPTED("string_nbsp_uescaped", "[\"new\\u00A0line\"]"),
    ACCEPTED("string_nonCharacterInUTF-8_U+10FFFF", "[\"\xf4\x8f\xbf\xbf\"]"),
    ACCEPTED("string_nonCharacterInUTF-8_U+FFFF", "[\"\xef\xbf\xbf\"]"),
    /* stricter: a NUL: C strings end there */
    REFUSED(NUL, "string_null_escape", "[\"\\u0000\"]"),
    ACCEPTED("string_one-byte-utf-8", "[\"\\u002c\"]"),
    ACCEPTED("string_pi", "[\"\xcf\x80\"]"),
    ACCEPTED("string_reservedCharacterInUTF-8_U+1BFFF", "[\"\xf0\x9b\xbf\xbf\"]"),
    ACCEPTED("string_simple_ascii", "[\"asd \"]"),
    ACCEPTED("string_space", "\" \""),
    ACCEPTED("string_surrogates_U+1D11E_MUSICAL_SYMBOL_G_CLEF", "[\"\\uD834\\uDd1e\"]"),
    ACCEPTED("string_three-byte-utf-8", "[\"\\u0821\"]"),
    ACCEPTED("string_two-byte-utf-8", "[\"\\u0123\"]"),
    ACCEPTED("string_u+2028_line_sep", "[\"\xe2\x80\xa8\"]"),
    ACCEPTED("string_u+2029_par_sep", "[\"\xe2\x80\xa9\"]"),
    ACCEPTED("string_uEscape", "[\"\\u0061\\u30af\\u30EA\\u30b9\"]"),
    ACCEPTED("string_uescaped_newline", "[\"new\\u000Aline\"]"),
    ACCEPTED("string_unescaped_char_delete", "[\"\x7f\"]"),
    ACCEPTED("string_unicode", "[\"\\uA66D\"]"),
    ACCEPTED("string_unicodeEscapedBackslash", "[\"\\u005C\"]"),
    ACCEPTED("string_unicode_2", "[\"\xe2\x8d\x82\xe3\x88\xb4\xe2\x8d\x82\"]"),
    ACCEPTED("string_unicode_U+10FFFE_nonchar", "[\"\\uDBFF\\uDFFE\"]"),
    ACCEPTED("string_unicode_U+1FFFE_nonchar", "[\"\\uD83F\\uDFFE\"]"),
    ACCEPTED("string_unicode_U+200B_ZERO_WIDTH_SPACE", "[\"\\u200B\"]"),
    ACCEPTED("string_unicode_U+2064_invisible_plus", "[\"\\u2064\"]"),
    ACCEPTED("string_unicode_U+FDD0_nonchar", "[\"\\uFDD0\"]"),
    ACCEPTED("string_unicode_U+FFFE_nonchar", "[\"\\uFFFE\"]"),
    ACCEPTED("string_unicode_escaped_double_quote", "[\"\\u0022\"]"),
    ACCEPTED("string_utf8", "[\"\xe2\x82\xac\xf0\x9d\x84\x9e\"]"),
    ACCEPTED("string_with_del_character", "[\"a\x7f"
                                          "a\"]"),
    ACCEPTED("structure_lonely_false", "false"),
    ACCEPTED("structure_lonely_int", "42"),
    ACCEPTED("structure_lonely_negative_real", "-0.1"),
    ACCEPTED("structure_lonely_null", "null"),
    ACCEPTED("structure_lonely_string", "\"asd\""),
    ACCEPTED("structure_lonely_true", "true"),
    ACCEPTED("structure_string_empty", "\"\""),
    ACCEPTED("structure_trailing_newline", "[\"a\"]\n"),
    ACCEPTED("structure_true_in_array", "[true]"),
    ACCEPTED("structure_whitespace_array", " [] "),
};

static const suite_case must_refuse[] = {
    REFUSED(SYNTAX, "array_1_true_without_comma", "[1 true]"),
    REFUSED(SYNTAX, "array_a_invalid_utf8", "[a\xe5]"),
    REFUSED(SYNTAX, "array_colon_instead_of_comma", "[\"\": 1]"),
    REFUSED(TRAILING, "array_comma_after_close", "[\"\"],"),
    REFUSED(SYNTAX, "array_comma_and_number", "[,1]"),
    REFUSED(SYNTAX, "array_double_comma", "[1,,2]"),
    REFUSED(SYNTAX, "array_double_extra_comma", "[\"x\",,]"),
    REFUSED(TRAILING, "array_extra_close", "[\"x\"]]"),
    REFUSED(SYNTAX, "array_extra_comma", "[\"\",]"),
    REFUSED(SYNTAX, "array_incomplete", "[\"x\""),
    REFUSED(SYNTAX, "array_incomplete_invalid_value", "[x"),
    REFUSED(SYNTAX, "array_inner_array_no_comma", "[3[4]]"),
    REFUSED(SYNTAX, "array_invalid_utf8", "[\xff]"),
    REFUSED(SYNTAX, "array_items_separated_by_semicolon", "[1:2]"),
    REFUSED(SYNTAX, "array_just_comma", "[,]"),
    REFUSED(SYNTAX, "array_just_minus", "[-]"),
    REFUSED(SYNTAX, "array_missing_value", "[   , \"\"]"),
    REFUSED(SYNTAX, "array_newlines_unclosed", "[\"a\",\n4\n,1,"),
    REFUSED(SYNTAX, "array_number_and_comma", "[1,]"),
    REFUSED(SYNTAX, "array_number_and_several_commas", "[1,,]"),
    REFUSED(SYNTAX, "array_spaces_vertical_tab_formfeed",
            "[\"\x0b"
            "a\"\\f]"),
    REFUSED(SYNTAX, "array_star_inside", "[*]"),
    REFUSED(SYNTAX, "array_unclosed", "[\"\""),
    REFUSED(SYNTAX, "array_unclosed_trailing_comma", "[1,"),
    REFUSED(SYNTAX, "array_unclosed_with_new_lines", "[1,\n1\n,1"),
    REFUSED(SYNTAX, "array_unclosed_with_object_inside", "[{}"),
    REFUSED(SYNTAX, "incomplete_false", "[fals]"),
    REFUSED(SYNTAX, "incomplete_null", "[nul]"),
    REFUSED(SYNTAX, "incomplete_true", "[tru]"),
    REFUSED(NUL, "multidigit_number_then_00", "123\x00"),
    REFUSED(SYNTAX, "number_++", "[++1234]"),
    REFUSED(SYNTAX, "number_+1", "[+1]"),
    REFUSED(SYNTAX, "number_+Inf", "[+Inf]"),
    REFUSED(SYNTAX, "number_-01", "[-01]"),
    REFUSED(SYNTAX, "number_-1.0.", "[-1.0.]"),
    REFUSED(SYNTAX, "number_-2.", "[-2.]"),
    REFUSED(SYNTAX, "number_-NaN", "[-NaN]"),
    REFUSED(SYNTAX, "number_.-1", "[.-1]"),
    REFUSED(SYNTAX, "number_.2e-3", "[.2e-3]"),
    REFUSED(SYNTAX, "number_0.1.2", "[0.1.2]"),
    REFUSED(SYNTAX, "number_0.3e+", "[0.3e+]"),
    REFUSED(SYNTAX, "number_0.3e", "[0.3e]"),
    REFUSED(SYNTAX, "number_0.e1", "[0.e1]"),
    REFUSED(SYNTAX, "number_0_capital_E+", "[0E+]"),
    REFUSED(SYNTAX, "number_0_capital_E", "[0E]"),
    REFUSED(SYNTAX, "number_0e+", "[0e+]"),
    REFUSED(SYNTAX, "number_0e", "[0e]"),
    REFUSED(SYNTAX, "number_1.0e+", "[1.0e+]"),
    REFUSED(SYNTAX, "number_1.0e-", "[1.0e-]"),
    REFUSED(SYNTAX, "number_1.0e", "[1.0e]"),
    REFUSED(SYNTAX, "number_1_000", "[1 000.0]"),
    REFUSED(SYNTAX, "number_1eE2", "[1eE2]"),
    REFUSED(SYNTAX, "number_2.e+3", "[2.e+3]"),
    REFUSED(SYNTAX, "number_2.e-3", "[2.e-3]"),
    REFUSED(SYNTAX, "number_2.e3", "[2.e3]"),
    REFUSED(SYNTAX, "number_9.e+", "[9.e+]"),
    REFUSED(SYNTAX, "number_Inf", "[Inf]"),
    REFUSED(SYNTAX, "number_NaN", "[NaN]"),
    REFUSED(SYNTAX, "number_U+FF11_fullwidth_digit_one", "[\xef\xbc\x91]"),
    REFUSED(SYNTAX, "number_expression", "[1+2]"),
    REFUSED(SYNTAX, "number_hex_1_digit", "[0x1]"),
    REFUSED(SYNTAX, "number_hex_2_digits", "[0x42]"),
    REFUSED(SYNTAX, "number_infinity", "[Infinity]"),
    REFUSED(SYNTAX, "number_invalid+-", "[0e+-1]"),
    REFUSED(SYNTAX, "number_invalid-negative-real", "[-123.123foo]"),
    REFUSED(SYNTAX, "number_invalid-utf-8-in-bigger-int", "[123\xe5]"),
    REFUSED(SYNTAX, "number_invalid-utf-8-in-exponent", "[1e1\xe5]"),
    REFUSED(SYNTAX, "number_invalid-utf-8-in-int", "[0\xe5]\n"),
    REFUSED(SYNTAX, "number_minus_infinity", "[-Infinity]"),
    REFUSED(SYNTAX, "number_minus_sign_with_trailing_garbage", "[-foo]"),
    REFUSED(SYNTAX, "number_minus_space_1", "[- 1]"),
    REFUSED(SYNTAX, "number_neg_int_starting_with_zero", "[-012]"),
    REFUSED(SYNTAX, "number_neg_real_without_int_part", "[-.123]"),
    REFUSED(SYNTAX, "number_neg_with_garbage_at_end", "[-1x]"),
    REFUSED(SYNTAX, "number_real_garbage_after_e", "[1ea]"),
    REFUSED(SYNTAX, "number_real_with_invalid_utf8_after_e", "[1e\xe5]"),
    REFUSED(SYNTAX, "number_real_without_fractional_part", "[1.]"),
    REFUSED(SYNTAX, "number_starting_with_dot", "[.123]"),
    REFUSED(SYNTAX, "number_with_alpha", "[1.2a-3]"),
    REFUSED(SYNTAX, "number_with_alpha_char", "[1.8011670033376514H-308]"),
    REFUSED(SYNTAX, "number_with_leading_zero", "[012]"),
    REFUSED(SYNTAX, "object_bad_value", "[\"x\", truth]"),
    REFUSED(SYNTAX, "object_bracket_key", "{[: \"x\"}\n"),
    REFUSED(SYNTAX, "object_comma_instead_of_colon", "{\"x\", null}"),
    REFUSED(SYNTAX, "object_double_colon", "{\"x\"::\"b\"}"),
    REFUSED(SYNTAX, "object_emoji", "{\xf0\x9f\x87\xa8\xf0\x9f\x87\xad}"),
    REFUSED(SYNTAX, "object_garbage_at_end", "{\"a\":\"a\" 123}"),
    REFUSED(SYNTAX, "object_key_with_single_quotes", "{key: 'value'}"),
    REFUSED(UTF8, "object_lone_continuation_byte_in_key_and_trailing_comma", "{\"\xb9\":\"0\",}"),
    REFUSED(SYNTAX, "object_missing_colon", "{\"a\" b}"),
    REFUSED(SYNTAX, "object_missing_key", "{:\"b\"}"),
    REFUSED(SYNTAX, "object_missing_semicolon", "{\"a\" \"b\"}"),
    REFUSED(SYNTAX, "object_missing_value", "{\"a\":"),
    REFUSED(SYNTAX, "object_no-colon", "{\"a\""),
    REFUSED(SYNTAX, "object_non_string_key", "{1:1}"),
    REFUSED(SYNTAX, "object_non_string_key_but_huge_number_instead", "{9999E9999:1}"),
    REFUSED(SYNTAX, "object_repeated_null_null", "{null:null,null:null}"),
    REFUSED(SYNTAX, "object_several_trailing_commas", "{\"id\":0,,,,,}"),
    REFUSED(SYNTAX, "object_single_quote", "{'a':0}"),
    REFUSED(SYNTAX, "object_trailing_comma", "{\"id\":0,}"),
    REFUSED(TRAILING, "object_trailing_comment", "{\"a\":\"b\"}/**/"),
    REFUSED(TRAILING, "object_trailing_comment_open", "{\"a\":\"b\"}/**//"),
    REFUSED(TRAILING, "object_trailing_comment_slash_open", "{\"a\":\"b\"}//"),
    REFUSED(TRAILING, "object_trailing_comment_slash_open_incomplete", "{\"a\":\"b\"}/"),
    REFUSED(SYNTAX, "object_two_commas_in_a_row", "{\"a\":\"b\",,\"c\":\"d\"}"),
    REFUSED(SYNTAX, "object_unquoted_key", "{a: \"b\"}"),
    REFUSED(SYNTAX, "object_unterminated-value", "{\"a\":\"a"),
    REFUSED(SYNTAX, "object_with_single_string", "{ \"foo\" : \"bar\", \"a\" }"),
    REFUSED(TRAILING, "object_with_trailing_garbage", "{\"a\":\"b\"}#"),
    REFUSED(SYNTAX, "single_space", " "),
    REFUSED(UTF8, "string_1_surrogate_then_escape", "[\"\\uD800\\\"]"),
    REFUSED(UTF8, "string_1_surrogate_then_escape_u", "[\"\\uD800\\u\"]"),
    REFUSED(UTF8, "string_1_surrogate_then_escape_u1", "[\"\\uD800\\u1\"]"),
    REFUSED(UTF8, "string_1_surrogate_then_escape_u1x", "[\"\\uD800\\u1x\"]"),
    REFUSED(SYNTAX, "string_accentuated_char_no_quotes", "[\xc3\xa9]"),
    REFUSED(SYNTAX, "string_backslash_00", "[\"\\\x00\"]"),
    REFUSED(SYNTAX, "string_escape_x", "[\"\\x00\"]"),
    REFUSED(SYNTAX, "string_escaped_backslash_bad", "[\"\\\\\\\"]"),
    REFUSED(SYNTAX, "string_escaped_ctrl_char_tab", "[\"\\\t\"]"),
    REFUSED(SYNTAX, "string_escaped_emoji", "[\"\\\xf0\x9f\x8c\x80\"]"),
    REFUSED(SYNTAX, "string_incomplete_escape", "[\"\\\"]"),
    REFUSED(SYNTAX, "string_incomplete_escaped_character", "[\"\\u00A\"]"),
    REFUSED(UTF8, "string_incomplete_surrogate", "[\"\\uD834\\uDd\"]"),
    REFUSED(UTF8, "string_incomplete_surrogate_escape_invalid", "[\"\\uD800\\uD800\\x\"]"),
    REFUSED(SYNTAX, "string_invalid-utf-8-in-escape", "[\"\\u\xe5\"]"),
    REFUSED(SYNTAX, "string_invalid_backslash_esc", "[\"\\a\"]"),
    REFUSED(SYNTAX, "string_invalid_unicode_escape", "[\"\\uqqqq\"]"),
    REFUSED(SYNTAX, "string_invalid_utf8_after_escape", "[\"\\\xe5\"]"),
    REFUSED(SYNTAX, "string_leading_uescaped_thinspace", "[\\u0020\"asd\"]"),
    REFUSED(SYNTAX, "string_no_quotes_with_bad_escape", "[\\n]"),
    REFUSED(SYNTAX, "string_single_doublequote", "\""),
    REFUSED(SYNTAX, "string_single_quote", "['single quote']"),
    REFUSED(SYNTAX, "string_single_string_no_double_quotes", "abc"),
    REFUSED(SYNTAX, "string_start_escape_unclosed", "[\"\\"),
    REFUSED(NUL, "string_unescaped_ctrl_char",
            "[\"a\x00"
            "a\"]"),
    REFUSED(SYNTAX, "string_unescaped_newline", "[\"new\nline\"]"),
    REFUSED(SYNTAX, "string_unescaped_tab", "[\"\t\"]"),
    REFUSED(SYNTAX, "string_unicode_CapitalU", "\"\\UA66D\""),
    REFUSED(TRAILING, "string_with_trailing_garbage", "\"\"x"),
    REFUSED(SYNTAX, "structure_U+2060_word_joined", "[\xe2\x81\xa0]"),
    REFUSED(UTF8, "structure_UTF8_BOM_no_data", "\xef\xbb\xbf"),
    REFUSED(SYNTAX, "structure_angle_bracket_.", "<.>"),
    REFUSED(SYNTAX, "structure_angle_bracket_null", "[<null>]"),
    REFUSED(TRAILING, "structure_array_trailing_garbage", "[1]x"),
    REFUSED(TRAILING, "structure_array_with_extra_array_close", "[1]]"),
    REFUSED(SYNTAX, "structure_array_with_unclosed_string", "[\"asd]"),
    REFUSED(SYNTAX, "structure_ascii-unicode-identifier", "a\xc3\xa5"),
    REFUSED(SYNTAX, "structure_capitalized_True", "[True]"),
    REFUSED(TRAILING, "structure_close_unopened_array", "1]"),
    REFUSED(SYNTAX, "structure_comma_instead_of_closing_brace", "{\"x\": true,"),
    REFUSED(TRAILING, "structure_double_array", "[][]"),
    REFUSED(SYNTAX, "structure_end_array", "]"),
    REFUSED(SYNTAX, "structure_incomplete_UTF8_BOM", "\xef\xbb{}"),
    REFUSED(SYNTAX, "structure_lone-invalid-utf-8", "\xe5"),
    REFUSED(SYNTAX, "structure_lone-open-bracket", "["),
    REFUSED(SYNTAX, "structure_no_data", ""),
    REFUSED(NUL, "structure_null-byte-outside-string", "[\x00]"),
    REFUSED(TRAILING, "structure_number_with_trailing_garbage", "2@"),
    REFUSED(TRAILING, "structure_object_followed_by_closing_object", "{}}"),
    REFUSED(SYNTAX, "structure_object_unclosed_no_value", "{\"\":"),
    REFUSED(SYNTAX, "structure_object_with_comment", "{\"a\":/*comment*/\"b\"}"),
    REFUSED(TRAILING, "structure_object_with_trailing_garbage", "{\"a\": true} \"x\""),
    REFUSED(SYNTAX, "structure_open_array_apostrophe", "['"),
    REFUSED(SYNTAX, "structure_open_array_comma", "[,"),
    REFUSED(SYNTAX, "structure_open_array_open_object", "[{"),
    REFUSED(SYNTAX, "structure_open_array_open_string", "[\"a"),
    REFUSED(SYNTAX, "structure_open_array_string", "[\"a\""),
    REFUSED(SYNTAX, "structure_open_object", "{"),
    REFUSED(SYNTAX, "structure_open_object_close_array", "{]"),
    REFUSED(SYNTAX, "structure_open_object_comma", "{,"),
    REFUSED(SYNTAX, "structure_open_object_open_array", "{["),
    REFUSED(SYNTAX, "structure_open_object_open_string", "{\"a"),
    REFUSED(SYNTAX, "structure_open_object_string_with_apostrophes", "{'a'"),
    REFUSED(SYNTAX, "structure_open_open", "[\"\\{[\"\\{[\"\\{[\"\\{"),
    REFUSED(SYNTAX, "structure_single_eacute", "\xe9"),
    REFUSED(SYNTAX, "structure_single_star", "*"),
    REFUSED(TRAILING, "structure_trailing_#", "{\"a\":\"b\"}#{}"),
    REFUSED(SYNTAX, "structure_uescaped_LF_before_string", "[\\u000A\"\"]"),
    REFUSED(SYNTAX, "structure_unclosed_array", "[1"),
    REFUSED(SYNTAX, "structure_unclosed_array_partial_null", "[ false, nul"),
    REFUSED(SYNTAX, "structure_unclosed_array_unfinished_false", "[ true, fals"),
    REFUSED(SYNTAX, "structure_unclosed_array_unfinished_true", "[ false, tru"),
    REFUSED(SYNTAX, "structure_unclosed_object", "{\"asd\":\"asd\""),
    REFUSED(SYNTAX, "structure_unicode-identifier", "\xc3\xa5"),
    REFUSED(SYNTAX, "structure_whitespace_U+2060_word_joiner", "[\xe2\x81\xa0]"),
    REFUSED(SYNTAX, "structure_whitespace_formfeed", "[\x0c]"),
};

static const suite_case may_do_either[] = {
    ACCEPTED("number_double_huge_neg_exp", "[123.456e-789]"),
    ACCEPTED("number_huge_exp",
             "[0.4e006699999999999999999999999999999999999999999999999999999999999999999999999999999999999999999"
             "99999999999999999999999999969999999006]"),
    ACCEPTED("number_neg_int_huge_exp", "[-1e+9999]"),
    ACCEPTED("number_pos_double_huge_exp", "[1.5e+9999]"),
    ACCEPTED("number_real_neg_overflow", "[-123123e100000]"),
    ACCEPTED("number_real_pos_overflow", "[123123e100000]"),
    ACCEPTED("number_real_underflow", "[123e-10000000]"),
    ACCEPTED("number_too_big_neg_int", "[-123123123123123123123123123123]"),
    ACCEPTED("number_too_big_pos_int", "[100000000000000000000]"),
    ACCEPTED("number_very_big_negative_int", "[-237462374673276894279832749832423479823246327846]"),
    REFUSED(UTF8, "object_key_lone_2nd_surrogate", "{\"\\uDFAA\":0}"),
    REFUSED(UTF8, "string_1st_surrogate_but_2nd_missing", "[\"\\uDADA\"]"),
    REFUSED(UTF8, "string_1st_valid_surrogate_2nd_invalid", "[\"\\uD888\\u1234\"]"),
    REFUSED(SYNTAX, "string_UTF-16LE_with_BOM", "\xff\xfe[\x00\"\x00\xe9\x00\"\x00]\x00"),
    REFUSED(UTF8, "string_UTF-8_invalid_sequence", "[\"\xe6\x97\xa5\xd1\x88\xfa\"]"),
    REFUSED(UTF8, "string_UTF8_surrogate_U+D800", "[\"\xed\xa0\x80\"]"),
    REFUSED(UTF8, "string_incomplete_surrogate_and_escape_valid", "[\"\\uD800\\n\"]"),
    REFUSED(UTF8, "string_incomplete_surrogate_pair", "[\"\\uDd1ea\"]"),
    REFUSED(UTF8, "string_incomplete_surrogates_escape_valid", "[\"\\uD800\\uD800\\n\"]"),
    REFUSED(UTF8, "string_invalid_lonely_surrogate", "[\"\\ud800\"]"),
    REFUSED(UTF8, "string_invalid_surrogate", "[\"\\ud800abc\"]"),
    REFUSED(UTF8, "string_invalid_utf-8", "[\"\xff\"]"),
    REFUSED(UTF8, "string_inverted_surrogates_U+1D11E", "[\"\\uDd1e\\uD834\"]"),
    REFUSED(UTF8, "string_iso_latin_1", "[\"\xe9\"]"),
    REFUSED(UTF8, "string_lone_second_surrogate", "[\"\\uDFAA\"]"),
    REFUSED(UTF8, "string_lone_utf8_continuation_byte", "[\"\x81\"]"),
    REFUSED(UTF8, "string_not_in_unicode_range", "[\"\xf4\xbf\xbf\xbf\"]"),
    REFUSED(UTF8, "string_overlong_sequence_2_bytes", "[\"\xc0\xaf\"]"),
    REFUSED(UTF8, "string_overlong_sequence_6_bytes", "[\"\xfc\x83\xbf\xbf\xbf\xbf\"]"),
    REFUSED(UTF8, "string_overlong_sequence_6_bytes_null", "[\"\xfc\x80\x80\x80\x80\x80\"]"),
    REFUSED(UTF8, "string_truncated-utf-8", "[\"\xe0\xff\"]"),
    REFUSED(NUL, "string_utf16BE_no_BOM", "\x00[\x00\"\x00\xe9\x00\"\x00]"),
    REFUSED(NUL, "string_utf16LE_no_BOM", "[\x00\"\x00\xe9\x00\"\x00]\x00"),
    REFUSED(UTF8, "structure_UTF-8_BOM_empty_object", "\xef\xbb\xbf{}"),
};

static apr_pool_t *pool;

/* A copy of exactly the text's size, so that a sanitizer sees a read beyond it. */
static void check_case(const suite_case *row)
{
    char *copy = malloc(row->length ? row->length : 1);
    uapi_result result = {0, UAPI_REASON_NONE, NULL};
    uapi_json json;
    apr_status_t status;

    assert_non_null(copy);
    memcpy(copy, row->text, row->length);
    status = uapi_json_read(&json, copy, row->length, NULL, pool, &result);
    if (result.reason != row->reason || (status == APR_SUCCESS) != (row->reason == UAPI_REASON_NONE)) {
        fail_msg("%s: %s, not %s", row->name, uapi_reason_describe(result.reason)->code,
                 uapi_reason_describe(row->reason)->code);
    }
    free(copy);
}

static void check_cases(const suite_case *rows, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        check_case(&rows[i]);
    }
}

static void test_must_accept(void **state)
{
    (void)state;
    check_cases(must_accept, sizeof(must_accept) / sizeof(must_accept[0]));
}

static void test_must_refuse(void **state)
{
    (void)state;
    check_cases(must_refuse, sizeof(must_refuse) / sizeof(must_refuse[0]));
}

static void test_may_do_either(void **state)
{
    (void)state;
    check_cases(may_do_either, sizeof(may_do_either) / sizeof(may_do_either[0]));
}

static void check_repeated(const char *name, const char *piece, size_t times, uapi_reason reason)
{
    size_t width = strlen(piece), i;
    char *text = malloc(width * times);
    suite_case row = {name, text, width * times, reason};

    assert_non_null(text);
    for (i = 0; i < times; i++) {
        memcpy(text + i * width, piece, width);
    }
    check_case(&row);
    free(text);
}

static void test_deep(void **state)
{
    (void)state;
    check_repeated("structure_100000_opening_arrays", "[", 100000, UAPI_REASON_JSON_DEPTH);
    check_repeated("structure_open_array_object", "[{\"\":", 50000, UAPI_REASON_JSON_DEPTH);
    check_repeated("structure_500_nested_arrays", "[", 500, UAPI_REASON_JSON_DEPTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_must_accept),
        cmocka_unit_test(test_must_refuse),
        cmocka_unit_test(test_may_do_either),
        cmocka_unit_test(test_deep),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
