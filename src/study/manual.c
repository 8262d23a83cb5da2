#include "study/manual.h"

vqc_status vqc_job_manual_write(vqc_text *text, bool markdown, vqc_error *error)
{
    return vqc_text_append(text, error, markdown ? "# The job file\n" : "The job file\n");
}
