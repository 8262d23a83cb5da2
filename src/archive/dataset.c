#include "archive/dataset.h"

#include <stdlib.h>
#include <string.h>

#include "archive/hdf5_error.h"
#include "base/memory.h"

static hid_t number_file_type(vqc_element element)
{
    switch (element) {
    case VQC_ELEMENT_U8:
        return H5T_STD_U8LE;
    case VQC_ELEMENT_U32:
        return H5T_STD_U32LE;
    case VQC_ELEMENT_U64:
        return H5T_STD_U64LE;
    case VQC_ELEMENT_I32:
        return H5T_STD_I32LE;
    case VQC_ELEMENT_F32:
        return H5T_IEEE_F32LE;
    case VQC_ELEMENT_F64:
        return H5T_IEEE_F64LE;
    case VQC_ELEMENT_TEXT:
        break;
    }
    return H5I_INVALID_HID;
}

static hid_t number_memory_type(vqc_element element)
{
    switch (element) {
    case VQC_ELEMENT_U8:
        return H5T_NATIVE_UINT8;
    case VQC_ELEMENT_U32:
        return H5T_NATIVE_UINT32;
    case VQC_ELEMENT_U64:
        return H5T_NATIVE_UINT64;
    case VQC_ELEMENT_I32:
        return H5T_NATIVE_INT32;
    case VQC_ELEMENT_F32:
        return H5T_NATIVE_FLOAT;
    case VQC_ELEMENT_F64:
        return H5T_NATIVE_DOUBLE;
    case VQC_ELEMENT_TEXT:
        break;
    }
    return H5I_INVALID_HID;
}

static size_t element_bytes(const vqc_dataset_form *form)
{
    switch (form->element) {
    case VQC_ELEMENT_U8:
        return 1;
    case VQC_ELEMENT_U32:
    case VQC_ELEMENT_I32:
    case VQC_ELEMENT_F32:
        return 4;
    case VQC_ELEMENT_U64:
    case VQC_ELEMENT_F64:
        return 8;
    case VQC_ELEMENT_TEXT:
        break;
    }
    return form->text_bytes;
}

static hid_t text_type(size_t bytes)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && (H5Tset_size(type, bytes) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0 ||
                      H5Tset_cset(type, H5T_CSET_UTF8) < 0)) {
        (void)H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

bool vqc_dataset_form_bytes(const vqc_dataset_form *form, uint64_t *bytes_out)
{
    uint64_t bytes = element_bytes(form);
    for (int i = 0; i < form->rank; i++)
        if (__builtin_mul_overflow(bytes, form->dims[i], &bytes))
            return false;
    *bytes_out = bytes;
    return bytes > 0 && bytes <= INT64_MAX;
}

static vqc_status dataset_failed(const vqc_dataset *dataset, vqc_status status, const char *what, vqc_error *error)
{
    return vqc_hdf5_error_set(error, status, "%s: dataset %s %s", dataset->file_path, dataset->form.path, what);
}

static vqc_dataset dataset_start(const vqc_hdf5_file *file, const vqc_dataset_form *form)
{
    return (vqc_dataset){.form = *form,
                         .id = H5I_INVALID_HID,
                         .type = H5I_INVALID_HID,
                         .element_bytes = element_bytes(form),
                         .file_path = file->path};
}

/* Sets the type of the elements in memory. */
static vqc_status dataset_type_make(vqc_dataset *dataset, vqc_error *error)
{
    dataset->element_bytes = element_bytes(&dataset->form);
    if (dataset->form.element == VQC_ELEMENT_TEXT)
        dataset->type = text_type(dataset->form.text_bytes);
    else
        dataset->type = H5Tcopy(number_memory_type(dataset->form.element));
    return dataset->type < 0 ? dataset_failed(dataset, VQC_FAILED, "has a type that HDF5 refuses", error) : VQC_OK;
}

static hid_t creation_properties(void)
{
    hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    if (properties >= 0 &&
        (H5Pset_layout(properties, H5D_CONTIGUOUS) < 0 || H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY) < 0 ||
         H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER) < 0 || H5Pset_obj_track_times(properties, false) < 0)) {
        (void)H5Pclose(properties);
        return H5I_INVALID_HID;
    }
    return properties;
}

enum {
    CHUNK_BYTES = 256 << 10, /* at most: four of them are kept by HDF5's cache of a dataset */
    SMALL_BYTES = 4 << 10,   /* below, the index of chunks would be more than compression saves */
    DEFLATE_LEVEL = 6,
};

/* The sizes of a chunk: as many whole rows as there is room for, and of a row that is larger a part of it. */
static void chunk_choose(const vqc_dataset_form *form, hsize_t chunk[VQC_DATASET_MAX_RANK])
{
    hsize_t room = CHUNK_BYTES / element_bytes(form);
    memcpy(chunk, form->dims, sizeof form->dims);
    for (int i = 0; i < form->rank; i++) {
        hsize_t below = 1;
        for (int j = i + 1; j < form->rank; j++)
            below *= form->dims[j];
        chunk[i] = room < below ? 1 : room / below < form->dims[i] ? room / below : form->dims[i];
        room /= chunk[i];
        if (below <= room)
            return;
    }
}

static hid_t packed_properties(const vqc_dataset_form *form)
{
    hsize_t chunk[VQC_DATASET_MAX_RANK];
    uint64_t bytes;
    if (form->rank == 0 || (vqc_dataset_form_bytes(form, &bytes) && bytes <= SMALL_BYTES))
        return creation_properties();
    chunk_choose(form, chunk);
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    const bool numbers = form->element != VQC_ELEMENT_TEXT && element_bytes(form) > 1;
    if (properties >= 0 &&
        (H5Pset_chunk(properties, form->rank, chunk) < 0 || H5Pset_obj_track_times(properties, false) < 0 ||
         (numbers && H5Pset_shuffle(properties) < 0) || H5Pset_deflate(properties, DEFLATE_LEVEL) < 0)) {
        (void)H5Pclose(properties);
        return H5I_INVALID_HID;
    }
    return properties;
}

/* Makes it with these properties, which it closes. */
static vqc_status dataset_make(const vqc_hdf5_file *file, const vqc_dataset_form *form, hid_t properties,
                               vqc_dataset *dataset_out, vqc_error *error)
{
    vqc_dataset dataset = dataset_start(file, form);
    vqc_status status = dataset_type_make(&dataset, error);
    const hid_t file_type = form->element == VQC_ELEMENT_TEXT ? dataset.type : number_file_type(form->element);
    const hid_t space = form->rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(form->rank, form->dims, NULL);
    const hid_t link = H5Pcreate(H5P_LINK_CREATE);
    if (status == VQC_OK && space >= 0 && properties >= 0 && link >= 0 &&
        H5Pset_create_intermediate_group(link, 1) >= 0)
        dataset.id = H5Dcreate2(file->id, form->path, file_type, space, link, properties, H5P_DEFAULT);
    if (status == VQC_OK && dataset.id < 0)
        status = dataset_failed(&dataset, VQC_FAILED, "cannot be created", error);
    if (link >= 0)
        (void)H5Pclose(link);
    if (properties >= 0)
        (void)H5Pclose(properties);
    if (space >= 0)
        (void)H5Sclose(space);
    if (status != VQC_OK) {
        vqc_dataset_close(&dataset);
        return status;
    }
    *dataset_out = dataset;
    return VQC_OK;
}

vqc_status vqc_dataset_create(const vqc_hdf5_file *file, const vqc_dataset_form *form, vqc_dataset *dataset_out,
                              vqc_error *error)
{
    return dataset_make(file, form, creation_properties(), dataset_out, error);
}

vqc_status vqc_dataset_create_packed(const vqc_hdf5_file *file, const vqc_dataset_form *form,
                                     vqc_dataset *dataset_out, vqc_error *error)
{
    return dataset_make(file, form, packed_properties(form), dataset_out, error);
}

/* Links to other places (soft, or into other files) are not followed. */
static bool link_is_hard(hid_t file, const char *path)
{
    H5L_info_t info;
    return H5Lexists(file, path, H5P_DEFAULT) > 0 && H5Lget_info(file, path, &info, H5P_DEFAULT) >= 0 &&
           info.type == H5L_TYPE_HARD;
}

bool vqc_dataset_exists(const vqc_hdf5_file *file, const char *path)
{
    char group[VQC_DATASET_PATH_SIZE];
    const char *end = strrchr(path, '/');
    const size_t length = (size_t)(end - path);
    if (length == 0)
        return link_is_hard(file->id, path);
    memcpy(group, path, length);
    group[length] = '\0';
    return link_is_hard(file->id, group) && link_is_hard(file->id, path);
}

static vqc_status type_check(vqc_dataset *dataset, hid_t type, vqc_error *error)
{
    if (dataset->form.element != VQC_ELEMENT_TEXT) {
        if (H5Tequal(type, number_file_type(dataset->form.element)) > 0)
            return VQC_OK;
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset %s does not hold numbers of the expected type",
                             dataset->file_path, dataset->form.path);
    }
    const size_t bytes = H5Tget_size(type);
    if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0 || bytes == 0)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset %s does not hold text of fixed length",
                             dataset->file_path, dataset->form.path);
    if (dataset->form.text_bytes != 0 && dataset->form.text_bytes != bytes)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset %s: expected text of %zu bytes, found %zu",
                             dataset->file_path, dataset->form.path, dataset->form.text_bytes, bytes);
    dataset->form.text_bytes = bytes;
    return VQC_OK;
}

static vqc_status space_check(vqc_dataset *dataset, hid_t space, vqc_error *error)
{
    vqc_dataset_form *form = &dataset->form;
    const int rank = H5Sget_simple_extent_ndims(space);
    if (H5Sis_simple(space) <= 0 || rank != form->rank)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset %s: expected %d dimensions, found %d",
                             dataset->file_path, form->path, form->rank, rank);
    hsize_t dims[VQC_DATASET_MAX_RANK];
    (void)H5Sget_simple_extent_dims(space, dims, NULL);
    for (int i = 0; i < rank; i++) {
        if (dims[i] == 0 || (form->dims[i] != 0 && form->dims[i] != dims[i]))
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "%s: dataset %s: expected size %llu in dimension %d, found %llu", dataset->file_path,
                                 form->path, (unsigned long long)form->dims[i], i, (unsigned long long)dims[i]);
        form->dims[i] = dims[i];
    }
    return VQC_OK;
}

/* The data must lie in one piece within the file itself. */
static vqc_status piece_check(const vqc_dataset *dataset, const vqc_hdf5_file *file, vqc_error *error)
{
    uint64_t bytes;
    const haddr_t offset = H5Dget_offset(dataset->id);
    if (!vqc_dataset_form_bytes(&dataset->form, &bytes) || offset == HADDR_UNDEF || offset > file->bytes ||
        bytes > file->bytes - offset)
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset %s does not lie within the file's %llu bytes",
                             dataset->file_path, dataset->form.path, (unsigned long long)file->bytes);
    return VQC_OK;
}

/* Filters that come with HDF5, and give no more than is known of them. */
static vqc_status filters_check(const vqc_dataset *dataset, hid_t properties, vqc_error *error)
{
    const int count = H5Pget_nfilters(properties);
    for (int i = 0; i < count; i++) {
        unsigned flags;
        unsigned configuration;
        size_t values = 0;
        const H5Z_filter_t filter =
            H5Pget_filter2(properties, (unsigned)i, &flags, &values, NULL, 0, NULL, &configuration);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32)
            return vqc_error_set(error, VQC_BAD_INPUT,
                                 "%s: dataset %s: is packed by HDF5's filter %d; expected deflate, shuffle or "
                                 "fletcher32 alone",
                                 dataset->file_path, dataset->form.path, (int)filter);
        if (H5Zfilter_avail(filter) <= 0)
            return vqc_error_set(error, VQC_BAD_INPUT, "%s: dataset %s: this HDF5 was built without its filter %d",
                                 dataset->file_path, dataset->form.path, (int)filter);
    }
    return VQC_OK;
}

/* A chunk is unpacked as a whole, and a row read as a whole, so both have bounds. */
static vqc_status chunks_check(const vqc_dataset *dataset, const vqc_hdf5_file *file, hid_t properties,
                               vqc_error *error)
{
    enum { MORE = 64 << 10 };
    hsize_t chunk[VQC_DATASET_MAX_RANK];
    uint64_t whole;
    uint64_t bytes = dataset->element_bytes;
    const uint64_t most = VQC_DATASET_DEFLATE_MOST * (file->bytes + MORE);
    bool good = vqc_dataset_form_bytes(&dataset->form, &whole) && whole / dataset->form.dims[0] <= most &&
                H5Pget_chunk(properties, VQC_DATASET_MAX_RANK, chunk) == dataset->form.rank;
    for (int i = 0; i < dataset->form.rank && good; i++)
        good = !__builtin_mul_overflow(bytes, chunk[i], &bytes);
    if (!good || bytes > most)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: dataset %s: a row or chunk of it is larger than the file's %llu bytes can hold",
                             dataset->file_path, dataset->form.path, (unsigned long long)file->bytes);
    return filters_check(dataset, properties, error);
}

static vqc_status storage_check(vqc_dataset *dataset, const vqc_hdf5_file *file, hid_t properties, vqc_error *error)
{
    const H5D_layout_t layout = H5Pget_layout(properties);
    if ((layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) || H5Pget_external_count(properties) != 0)
        return vqc_error_set(error, VQC_BAD_INPUT,
                             "%s: dataset %s lies neither in one piece nor in chunks in the file", dataset->file_path,
                             dataset->form.path);
    dataset->packed = layout == H5D_CHUNKED;
    if (dataset->packed)
        return chunks_check(dataset, file, properties, error);
    return piece_check(dataset, file, error);
}

static vqc_status dataset_check(vqc_dataset *dataset, const vqc_hdf5_file *file, vqc_error *error)
{
    const hid_t type = H5Dget_type(dataset->id);
    const hid_t space = H5Dget_space(dataset->id);
    const hid_t properties = H5Dget_create_plist(dataset->id);
    vqc_status status = VQC_OK;
    if (type < 0 || space < 0 || properties < 0)
        status = dataset_failed(dataset, VQC_BAD_INPUT, "cannot be examined", error);
    if (status == VQC_OK)
        status = type_check(dataset, type, error);
    if (status == VQC_OK)
        status = space_check(dataset, space, error);
    dataset->element_bytes = element_bytes(&dataset->form);
    if (status == VQC_OK)
        status = storage_check(dataset, file, properties, error);
    if (properties >= 0)
        (void)H5Pclose(properties);
    if (space >= 0)
        (void)H5Sclose(space);
    if (type >= 0)
        (void)H5Tclose(type);
    return status;
}

vqc_status vqc_dataset_open(const vqc_hdf5_file *file, const vqc_dataset_form *form, vqc_dataset *dataset_out,
                            vqc_error *error)
{
    vqc_dataset dataset = dataset_start(file, form);
    if (!vqc_dataset_exists(file, form->path))
        return vqc_error_set(error, VQC_BAD_INPUT, "%s: is not a vqclip archive: there is no dataset %s", file->path,
                             form->path);
    dataset.id = H5Dopen2(file->id, form->path, H5P_DEFAULT);
    if (dataset.id < 0)
        return dataset_failed(&dataset, VQC_BAD_INPUT, "cannot be opened", error);
    vqc_status status = dataset_check(&dataset, file, error);
    if (status == VQC_OK)
        status = dataset_type_make(&dataset, error);
    if (status != VQC_OK) {
        vqc_dataset_close(&dataset);
        return status;
    }
    *dataset_out = dataset;
    return VQC_OK;
}

void vqc_dataset_close(vqc_dataset *dataset)
{
    if (dataset->type > 0)
        (void)H5Tclose(dataset->type);
    if (dataset->id > 0)
        (void)H5Dclose(dataset->id);
    *dataset = (vqc_dataset){0};
}

size_t vqc_dataset_part_bytes(const vqc_dataset *dataset, int fixed)
{
    size_t bytes = dataset->element_bytes;
    for (int i = fixed; i < dataset->form.rank; i++)
        bytes *= dataset->form.dims[i];
    return bytes;
}

/* Selects, in a dataspace of the dataset's, the part with these first indices. */
static vqc_status part_select(const vqc_dataset *dataset, int fixed, const uint64_t *index, hid_t *space_out,
                              vqc_error *error)
{
    const vqc_dataset_form *form = &dataset->form;
    hsize_t start[VQC_DATASET_MAX_RANK] = {0};
    hsize_t count[VQC_DATASET_MAX_RANK];
    for (int i = 0; i < form->rank; i++) {
        count[i] = i < fixed ? 1 : form->dims[i];
        start[i] = i < fixed ? index[i] : 0;
        if (start[i] >= form->dims[i])
            return vqc_error_set(
                error, VQC_FAILED, "%s: dataset %s has %llu rows in dimension %d, there is no row %llu",
                dataset->file_path, form->path, (unsigned long long)form->dims[i], i, (unsigned long long)start[i]);
    }
    const hid_t space = H5Dget_space(dataset->id);
    if (space < 0)
        return dataset_failed(dataset, VQC_FAILED, "has no dataspace", error);
    if (form->rank > 0 && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0) {
        vqc_status status = dataset_failed(dataset, VQC_FAILED, "cannot be selected from", error);
        (void)H5Sclose(space);
        return status;
    }
    *space_out = space;
    return VQC_OK;
}

/* The dataspace of a part in memory: a line of elements. */
static hid_t memory_space(const vqc_dataset *dataset, int fixed)
{
    const hsize_t count = vqc_dataset_part_bytes(dataset, fixed) / dataset->element_bytes;
    return H5Screate_simple(1, &count, NULL);
}

vqc_status vqc_dataset_write(const vqc_dataset *dataset, int fixed, const uint64_t *index, const void *data,
                             vqc_error *error)
{
    hid_t space = H5I_INVALID_HID;
    VQC_TRY(part_select(dataset, fixed, index, &space, error));
    const hid_t memory = memory_space(dataset, fixed);
    vqc_status status = VQC_OK;
    if (memory < 0 || H5Dwrite(dataset->id, dataset->type, memory, space, H5P_DEFAULT, data) < 0)
        status = dataset_failed(dataset, VQC_FAILED, "cannot be written", error);
    if (memory >= 0)
        (void)H5Sclose(memory);
    (void)H5Sclose(space);
    return status;
}

vqc_status vqc_dataset_read(const vqc_dataset *dataset, int fixed, const uint64_t *index, void *data_out,
                            vqc_error *error)
{
    hid_t space = H5I_INVALID_HID;
    VQC_TRY(part_select(dataset, fixed, index, &space, error));
    const hid_t memory = memory_space(dataset, fixed);
    vqc_status status = VQC_OK;
    if (memory < 0 || H5Dread(dataset->id, dataset->type, memory, space, H5P_DEFAULT, data_out) < 0)
        status = dataset_failed(dataset, VQC_FAILED, "cannot be read", error);
    if (memory >= 0)
        (void)H5Sclose(memory);
    (void)H5Sclose(space);
    return status;
}

vqc_status vqc_dataset_place(const vqc_dataset *dataset, uint64_t *offset_out, uint64_t *bytes_out, vqc_error *error)
{
    const haddr_t offset = H5Dget_offset(dataset->id);
    if (offset == HADDR_UNDEF || !vqc_dataset_form_bytes(&dataset->form, bytes_out))
        return dataset_failed(dataset, VQC_FAILED, "has no place in the file", error);
    *offset_out = offset;
    return VQC_OK;
}

vqc_status vqc_dataset_clear(const vqc_dataset *dataset, vqc_error *error)
{
    void *zeros;
    VQC_TRY(vqc_memory_allocate(1, vqc_dataset_part_bytes(dataset, 0), dataset->form.path, &zeros, error));
    vqc_status status = vqc_dataset_write(dataset, 0, NULL, zeros, error);
    free(zeros);
    return status;
}
