#ifndef VQC_COMM_TRANSPORT_MPI_H
#define VQC_COMM_TRANSPORT_MPI_H

#include <mpi.h>

#include "comm/transport.h"

/* The communicator of all ranks; belongs to the transport. */
MPI_Comm vqc_transport_mpi_handle(const vqc_transport *transport);

/* Turns a result code of MPI into a status; `action` completes "MPI cannot ..." of VQC_FAILED. */
VQC_MUST_CHECK vqc_status vqc_mpi_check(int code, const char *action, vqc_error *error);

#endif
