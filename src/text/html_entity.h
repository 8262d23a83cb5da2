#ifndef VQC_TEXT_HTML_ENTITY_H
#define VQC_TEXT_HTML_ENTITY_H

#include "text/code_points.h"

/* Character references of HTML: &name; and &#number;. */

/* The standard's table and, for names typed in capitals, a second one: names in lower case whose capitals are not a
 * name themselves, with the character in capitals too. One entity a line, sorted by the bytes of the names: the name
 * in ASCII without the & (some end with a semicolon, a few older ones stand without it too), then its one or two
 * code points in hexadecimal. The files html_entities.txt and html_capitals.txt, made by
 * tests/oracle/make_html_entities.py. */
extern const char vqc_html_entities[];
extern const char vqc_html_capitals[];

/* The character that windows-1252 has at a code point from 0x80 to 0x9f, the code point itself where it has none. */
int32_t vqc_html_windows_1252(int32_t code_point);

/* Appends to target the text with every reference replaced, as the HTML standard decodes text and as Python's
 * html.unescape does: a semicolon may be missing, the longest name at the start counts, a number that is no
 * character becomes U+FFFD or nothing, 128 to 159 are taken as windows-1252. Fails for want of memory alone. */
VQC_MUST_CHECK vqc_status vqc_html_unescape(const vqc_code_points *text, vqc_code_points *target, vqc_error *error);

/* The same for references that leave no doubt only: a name of at most 24 letters and digits in either table, or a
 * number, with its semicolon. A number that gives a semicolon stays. */
VQC_MUST_CHECK vqc_status vqc_html_unescape_certain(const vqc_code_points *text, vqc_code_points *target,
                                                    vqc_error *error);

#endif
