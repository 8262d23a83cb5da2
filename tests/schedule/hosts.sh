#!/bin/sh
# Hosts on one machine: network namespaces node0, node1, ... with a host name, an address and a link each, on one
# bridge. For root. The names are made from $hosts_prefix (at most 8 characters), which must be exported.
#
#   hosts.sh up N | down N       makes N hosts; removes them
#   hosts.sh cut I | join I      takes host I's link away, in such a way that nobody is told; gives it back
#   hosts.sh list N              their addresses, as for mpirun -H
#   hosts.sh on I COMMAND...     runs a command on host I
#   hosts.sh ADDRESS COMMAND...  the same as mpirun's remote shell calls it: --mca plm_rsh_agent hosts.sh
set -eu
bridge=${hosts_prefix}b

on() {
    node=$1
    shift
    exec ip netns exec "$hosts_prefix$node" unshare --uts sh -c "hostname node$node; $*"
}

case $1 in
up)
    ip link add "$bridge" type bridge
    ip link set "$bridge" up
    for i in $(seq 0 $(($2 - 1))); do
        ip netns add "$hosts_prefix$i"
        ip link add "${hosts_prefix}v$i" type veth peer name eth0 netns "$hosts_prefix$i"
        ip link set "${hosts_prefix}v$i" master "$bridge" up
        ip -n "$hosts_prefix$i" addr add "10.77.0.1$i/24" dev eth0
        ip -n "$hosts_prefix$i" link set eth0 up
        ip -n "$hosts_prefix$i" link set lo up
    done
    ;;
down)
    for i in $(seq 0 $(($2 - 1))); do
        ip netns del "$hosts_prefix$i" || true
    done
    ip link del "$bridge" || true
    ;;
cut) ip link set "${hosts_prefix}v$2" nomaster ;;
join) ip link set "${hosts_prefix}v$2" master "$bridge" ;;
list) seq -s, -f '10.77.0.1%.0f' 0 $(($2 - 1)) ;;
on)
    shift
    on "$@"
    ;;
10.77.0.1?)
    node=${1#10.77.0.1}
    shift
    on "$node" "$@"
    ;;
*)
    echo "hosts.sh: $1: unknown" >&2
    exit 2
    ;;
esac
