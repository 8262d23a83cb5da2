#ifndef VQC_WEIGHTS_PYTORCH_ZIP_H
#define VQC_WEIGHTS_PYTORCH_ZIP_H

#include "base/status.h"
#include "weights/directory.h"
#include "weights/weights.h"
#include "weights/zip.h"

/* Reads the directory of a zip file that torch.save (PyTorch 1.6 and later) or torch.jit.save wrote:
 *
 *     ROOT/data.pkl         the objects; each tensor names its storage by a key
 *     ROOT/data/KEY         the bytes of a storage
 *     ROOT/byteorder        "little" or "big"; may be missing
 *     ROOT/constants.pkl, ROOT/code/...   of a TorchScript file only; not used
 *
 * A file that is otherwise is VQC_BAD_INPUT. */
VQC_MUST_CHECK vqc_status vqc_pytorch_zip_read(vqc_zip *zip, vqc_directory *directory, vqc_weights_format *format_out,
                                               vqc_error *error);

#endif
