#ifndef VQC_WEIGHTS_FOREIGN_H
#define VQC_WEIGHTS_FOREIGN_H

#include "base/status.h"
#include "weights/map.h"

/* Files that are no checkpoint that the program reads: the refusal names what they are and what to do. */

/* VQC_BAD_INPUT: by how the file begins, it is none of the formats that are read. The caller puts the path in front.
 */
VQC_MUST_CHECK vqc_status vqc_foreign_format_refuse(const vqc_map *map, vqc_error *error);

/* Where a file could not be read, and its name ends as those of another format do, says in the error what it then is;
 * else leaves the error as it is. */
void vqc_foreign_name_explain(const char *path, vqc_error *error);

#endif
