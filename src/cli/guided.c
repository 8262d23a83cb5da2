#include "cli/guided.h"

#include <stdio.h>
#include <string.h>

#include "base/visible.h"

const vqc_archive_model *vqc_guided_by(const vqc_archive_outline *outline, const char *sha256)
{
    for (size_t i = 0; i < outline->model_count; i++) {
        const vqc_archive_model *model = &outline->models[i];
        if (strcmp(model->role, "perceptor") == 0 && strcmp(model->sha256, sha256) == 0)
            return model;
    }
    return NULL;
}

void vqc_guided_say(const char *archive, const char *path, const vqc_archive_model *model)
{
    vqc_print(stderr,
              "vqclip: %s: this perceptor guided the pictures of %s, where it is %s: what it finds says how well "
              "guidance did, not what they show\n",
              path, archive, model->name);
}
