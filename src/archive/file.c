#include "archive/file.h"

#include "archive/hdf5_error.h"
#include "comm/handle.h"

/* How a file is accessed: by several ranks through MPI-IO, otherwise the ordinary way. */
static vqc_status access_properties(vqc_comm *comm, hid_t *properties_out, vqc_error *error)
{
    vqc_hdf5_begin();
    const hid_t properties = H5Pcreate(H5P_FILE_ACCESS);
    /* Without the sieve buffer every row goes to the file at once. HDF5's own lock would keep readers out, and fails
     * on some network file systems. */
    bool good = properties >= 0 && H5Pset_sieve_buf_size(properties, 0) >= 0 &&
                H5Pset_file_locking(properties, false, true) >= 0;
#ifdef VQC_WITH_MPI
    if (good && comm && vqc_comm_size(comm) > 1)
        good = H5Pset_fapl_mpio(properties, vqc_comm_handle(comm), MPI_INFO_NULL) >= 0;
#else
    (void)comm;
#endif
    if (good) {
        *properties_out = properties;
        return VQC_OK;
    }
    vqc_status status = vqc_hdf5_error_set(error, VQC_FAILED, "HDF5 cannot be set up");
    if (properties >= 0)
        (void)H5Pclose(properties);
    return status;
}

vqc_status vqc_hdf5_file_create(const char *path, uint64_t block_bytes, vqc_hdf5_file *file_out, vqc_error *error)
{
    hid_t properties = H5I_INVALID_HID;
    VQC_TRY(access_properties(NULL, &properties, error));
    *file_out = (vqc_hdf5_file){.id = H5I_INVALID_HID, .path = path};
    const hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    /* The earliest format, which every version of HDF5 reads. */
    if (creation >= 0 && H5Pset_userblock(creation, block_bytes) >= 0 &&
        H5Pset_libver_bounds(properties, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST) >= 0)
        file_out->id = H5Fcreate(path, H5F_ACC_TRUNC, creation, properties);
    vqc_status status = VQC_OK;
    if (file_out->id < 0)
        status = vqc_hdf5_error_set(error, VQC_FAILED, "%s: cannot be created", path);
    if (creation >= 0)
        (void)H5Pclose(creation);
    (void)H5Pclose(properties);
    return status;
}

vqc_status vqc_hdf5_file_open(const char *path, uint64_t bytes, vqc_hdf5_access access, vqc_comm *comm,
                              vqc_hdf5_file *file_out, vqc_error *error)
{
    hid_t properties = H5I_INVALID_HID;
    VQC_TRY(access_properties(comm, &properties, error));
    *file_out = (vqc_hdf5_file){.path = path, .bytes = bytes};
    file_out->id = H5Fopen(path, access == VQC_HDF5_WRITES ? H5F_ACC_RDWR : H5F_ACC_RDONLY, properties);
    vqc_status status = VQC_OK;
    if (file_out->id < 0)
        status = vqc_hdf5_error_set(error, VQC_BAD_INPUT, "%s: cannot be opened as an HDF5 file", path);
    (void)H5Pclose(properties);
    return status;
}

vqc_status vqc_hdf5_file_close(vqc_hdf5_file *file, vqc_error *error)
{
    const hid_t id = file->id;
    file->id = H5I_INVALID_HID;
    if (id >= 0 && H5Fclose(id) < 0)
        return vqc_hdf5_error_set(error, VQC_FAILED, "%s: cannot be closed", file->path);
    return VQC_OK;
}
