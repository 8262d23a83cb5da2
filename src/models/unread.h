#ifndef VQC_MODELS_UNREAD_H
#define VQC_MODELS_UNREAD_H

#include "models/parameters.h"

/* A file that holds more of a model than the program computes is another model: what comes out of it would be wrong,
 * and nothing would say so. So after a part of a model (a tower, one half of an autoencoder) was built, every tensor
 * that belongs to it must have been read, or be known to change nothing.
 *
 * Names are compared with patterns, without the prefix that the file has in front of all of the model's names. In a
 * pattern `*` stands for any characters, dots too, and none; lists end with NULL, and NULL is an empty list. */

enum { VQC_UNREAD_LISTS = 3 };

typedef struct vqc_unread_rule {
    const char *family;       /* for the message: "CLIP ViT" */
    const char *prefix;       /* "" or "module.": what lies outside it belongs to another model */
    const char *const *owned; /* what belongs to the part; {"*", NULL}: everything under the prefix */
    /* What may stay unread all the same: what the model's other parts own, and the families' harmless names. */
    const char *const *passed[VQC_UNREAD_LISTS];
} vqc_unread_rule;

/* VQC_BAD_INPUT where a tensor that the rule asks for was never read since the file was opened
 * (vqc_weights_was_read): names the file, the first such tensor in the file's order, its shape, the family, and how
 * many more there are. To be called after the part was built, when all that it reads was read. */
VQC_MUST_CHECK vqc_status vqc_unread_refuse(const vqc_weights *weights, const vqc_unread_rule *rule,
                                            vqc_error *error);

#endif
