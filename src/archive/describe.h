#ifndef VQC_ARCHIVE_DESCRIBE_H
#define VQC_ARCHIVE_DESCRIBE_H

#include "archive/dataset.h"
#include "archive/outline.h"

/* What other programs (h5dump, h5py, xarray) show of an archive's axes: to an archive in the making, which has all
 * its datasets, come
 *
 *     DIMENSION_LABELS     the names of each dataset's dimensions: render, y, x, channel, row, column, component,
 * step, term, snapshot, plane scales               renders/number, and of each shape datasets of these names with a
 * number or text for each index (of terms it is loss_name), attached by the HDF5 Dimension Scale Specification:
 *                          render, the number of the render of each row; step, 1 for the first; snapshot_step, after
 *                          which step it was taken, where `snapshot_every` knows it, else from 1 on
 *     CLASS = IMAGE        and the rest of the HDF5 Image Specification 1.2, of picture and snapshot, where the last
 *                          three dimensions are the image
 *     flag_values, flag_meanings   of renders/state (CF conventions); units of renders/seconds
 *
 * By one process. */
typedef struct vqc_description {
    const vqc_archive_outline *outline;
    const size_t *rows;             /* of the renders (vqc_outline_rows_number) */
    const uint32_t *snapshot_every; /* (shapes): 0 where it is not known */
    const char *const *paths;       /* of further datasets of texts with a row for each render */
    size_t path_count;
} vqc_description;

VQC_MUST_CHECK vqc_status vqc_archive_describe(const vqc_hdf5_file *file, const vqc_description *what,
                                               vqc_error *error);

#endif
