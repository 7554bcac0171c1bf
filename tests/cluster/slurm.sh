#!/usr/bin/env bash
# A SLURM cluster of one node for tests, from Debian's packages, as root and without systemd:
#   slurm.sh install               installs the packages that are missing; starts no daemon
#   slurm.sh start [--accounting]  munge, slurmctld, slurmd; with --accounting also MariaDB and slurmdbd, for sacct
#   slurm.sh stop                  cancels the jobs, stops what `start` started, removes the configuration it wrote
# BALI_SLURM_DIR: logs and state (/var/tmp/bali-slurm). CPUS, GPUS: how many the node says it has (8, 4; none is real).
# Exit code 2: it cannot run here, and nothing was changed.
set -euo pipefail

STATE=${BALI_SLURM_DIR:-/var/tmp/bali-slurm}
CPUS=${CPUS:-8}
GPUS=${GPUS:-4}
CONFIG=/etc/slurm
MARK="# Written by BALI's tests/cluster/slurm.sh, which overwrites and removes it."
PACKAGES=(munge slurm-client slurmctld slurmd slurmdbd mariadb-server)
DEVICES=(/dev/null /dev/zero /dev/full /dev/random)  # stand for GPUs: a gres with a file sets CUDA_VISIBLE_DEVICES

refuse() { echo "slurm.sh: $*" >&2; exit 2; }
fail() { echo "slurm.sh: $*; logs are in $STATE/log" >&2; exit 1; }

wait_until() {  # SECONDS COMMAND...
    local deadline=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || return 1
        sleep 0.2
    done
}

is_missing() { ! dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q "ok installed"; }

missing_packages() {
    local package
    for package in "${PACKAGES[@]}"; do
        if is_missing "$package"; then echo "$package"; fi
    done
}

install_packages() {
    local missing policy=/usr/sbin/policy-rc.d
    mapfile -t missing < <(missing_packages)
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || refuse "needs Debian's packages ${missing[*]}, and there is no apt-get here."
    if [ ! -e $policy ]; then  # keeps the packages from starting their daemons
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod +x $policy
        trap "rm -f $policy" EXIT
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# ---- processes: a daemon is ours where its process id and its start time are those that were noted

start_time() { { sed 's/.*) //' "/proc/$1/stat" || true; } 2>/dev/null | cut -d' ' -f20; }

note() {  # NAME PID
    local started
    started=$(start_time "$2")
    [ -n "$started" ] || fail "$1 ended at once"
    echo "$2 $started" >"$STATE/started/$1"
}

has_ended() { [ "$(start_time "$1")" != "$2" ]; }

is_ours() {  # NAME
    local pid started
    [ -s "$STATE/started/$1" ] && read -r pid started <"$STATE/started/$1" && ! has_ended "$pid" "$started"
}

stop_daemon() {  # NAME
    local pid started file=$STATE/started/$1
    if is_ours "$1"; then
        read -r pid started <"$file"
        kill "$pid"
        wait_until 30 has_ended "$pid" "$started" || fail "$1 (process $pid) does not end"
        echo "stopped $1"
    fi
    rm -f "$file"
}

# ---- configuration

is_foreign() { [ -s "$1" ] && ! grep -qF "$MARK" "$1"; }

configuration_files() { printf "$CONFIG/%s\n" slurm.conf gres.conf cgroup.conf slurmdbd.conf; }

refuse_foreign() {
    local file daemon
    [ "$(id -u)" = 0 ] || refuse "starts and stops daemons of several users, so it runs as root only; this is $(id -un)."
    while read -r file; do
        if is_foreign "$file"; then refuse "$file is not of this script; it is left alone."; fi
    done < <(configuration_files)
    [ -z "$(missing_packages)" ] || refuse "needs $(missing_packages | xargs). Run tests/cluster/slurm.sh install first."
    for daemon in slurmctld slurmd slurmdbd; do
        if pidof "$daemon" >/dev/null; then refuse "a $daemon that is not of this script runs here."; fi
    done
    [ ! -e "$STATE" ] || [ -d "$STATE/started" ] || refuse "$STATE is not of this script; set BALI_SLURM_DIR."
    ((GPUS <= ${#DEVICES[@]})) || refuse "GPUS must be at most ${#DEVICES[@]}, got $GPUS."
}

write_slurm_conf() {  # ACCOUNTING
    local host memory
    host=$(hostname -s)
    memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
    cat <<CONF
$MARK
ClusterName=bali
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPidFile=$STATE/run/slurmctld.pid
SlurmdPidFile=$STATE/run/slurmd.pid
SlurmctldLogFile=$STATE/log/slurmctld.log
SlurmdLogFile=$STATE/log/slurmd.log
StateSaveLocation=$STATE/controller
SlurmdSpoolDir=$STATE/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=2
JobAcctGatherParams=OverMemoryKill
MinJobAge=3600
KillWait=5
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=$CPUS RealMemory=$memory Gres=gpu:$GPUS State=UNKNOWN
PartitionName=cpu Nodes=$host Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=$host MaxTime=INFINITE State=UP
CONF
    if [ -z "$1" ]; then
        echo "AccountingStorageType=accounting_storage/none"
    else
        printf '%s\n' AccountingStorageType=accounting_storage/slurmdbd AccountingStorageHost=127.0.0.1 \
            AccountingStorageTRES=gres/gpu AccountingStoreFlags=job_comment
    fi
}

write_configuration() {  # ACCOUNTING
    local number
    mkdir -p $CONFIG
    write_slurm_conf "$1" >$CONFIG/slurm.conf
    {
        echo "$MARK"
        for ((number = 0; number < GPUS; number++)); do
            echo "NodeName=$(hostname -s) Name=gpu File=${DEVICES[$number]}"
        done
    } >$CONFIG/gres.conf
    printf '%s\n' "$MARK" CgroupPlugin=cgroup/v1 CgroupAutomount=no >$CONFIG/cgroup.conf
    chmod 644 $CONFIG/{slurm,gres,cgroup}.conf
}

# ---- daemons

start_munge() {
    munge -n 2>/dev/null | unmunge >/dev/null 2>&1 && return  # there is one already: it stays when we stop
    mkdir -p /run/munge /var/log/munge /var/lib/munge
    chown munge:munge /run/munge /var/log/munge /var/lib/munge
    chmod 755 /run/munge
    setpriv --reuid munge --regid munge --clear-groups munged --pid-file=/run/munge/munged.pid
    note munged "$(cat /run/munge/munged.pid)"
    munge -n | unmunge >/dev/null || fail "munge does not answer"
}

start_accounting() {
    local data=$STATE/mysql password
    password=$(head -c 18 /dev/urandom | base64 | tr -d '/+=')
    mkdir -p "$data"
    chown mysql:mysql "$data"
    mariadb-install-db --user=mysql --datadir="$data" --skip-test-db >"$STATE/log/mariadb-install.log" 2>&1
    setsid mariadbd --no-defaults --user=mysql --datadir="$data" --socket="$data/socket" --skip-networking \
        --innodb-buffer-pool-size=256M --innodb-lock-wait-timeout=900 >"$STATE/log/mariadb.log" 2>&1 </dev/null &
    note mariadbd $!
    wait_until 60 mariadb-admin -S "$data/socket" ping || fail "MariaDB does not answer"
    mariadb -S "$data/socket" <<SQL
CREATE DATABASE accounting;
CREATE USER 'slurm'@'localhost' IDENTIFIED BY '$password';
GRANT ALL ON accounting.* TO 'slurm'@'localhost';
SQL
    (umask 077 && printf '%s\n' "$MARK" AuthType=auth/munge "DbdHost=$(hostname -s)" DbdAddr=127.0.0.1 SlurmUser=root \
        "PidFile=$STATE/run/slurmdbd.pid" "LogFile=$STATE/log/slurmdbd.log" StorageType=accounting_storage/mysql \
        StorageHost=localhost StorageUser=slurm "StoragePass=$password" StorageLoc=accounting >$CONFIG/slurmdbd.conf)
    MYSQL_UNIX_PORT=$data/socket slurmdbd
    wait_until 60 test -s "$STATE/run/slurmdbd.pid" || fail "slurmdbd does not start"
    note slurmdbd "$(cat "$STATE/run/slurmdbd.pid")"
    wait_until 60 sacctmgr -n show cluster || fail "slurmdbd does not answer"
    sacctmgr -i add cluster bali >/dev/null
    sacctmgr -i add account tests >/dev/null
    sacctmgr -i add user root Account=tests >/dev/null
}

is_up() { scontrol ping | grep -q "is UP"; }
is_idle() { [ "$(sinfo -h -p cpu -o %T)" = idle ]; }

start_slurm() {
    slurmctld -c
    wait_until 30 is_up || fail "slurmctld does not answer"
    note slurmctld "$(cat "$STATE/run/slurmctld.pid")"
    slurmd
    wait_until 30 test -s "$STATE/run/slurmd.pid" || fail "slurmd does not start"
    note slurmd "$(cat "$STATE/run/slurmd.pid")"
    wait_until 60 is_idle || fail "the node does not become idle"
}

has_no_jobs() { [ -z "$(squeue -h)" ] && ! pidof slurmstepd; }

stop_jobs() {  # while our slurmd runs there is no other here, so all steps are ours
    if is_up; then scancel --state=PENDING --state=RUNNING --user=root || true; fi
    wait_until 60 has_no_jobs || pidof slurmstepd | xargs -r kill -KILL || true
}

stop_cluster() {
    local daemon file
    [ "$(id -u)" = 0 ] || refuse "starts and stops daemons of several users, so it runs as root only; this is $(id -un)."
    if is_ours slurmd; then stop_jobs; fi
    for daemon in slurmd slurmctld slurmdbd mariadbd munged; do
        stop_daemon $daemon
    done
    while read -r file; do
        if [ -e "$file" ] && ! is_foreign "$file"; then rm -f "$file"; fi
    done < <(configuration_files)
}

start_cluster() {  # ACCOUNTING
    stop_cluster
    refuse_foreign
    rm -rf "${STATE:?}"
    mkdir -p "$STATE"/{run,log,controller,spool,started}
    chmod 755 "$STATE"
    write_configuration "$1"
    start_munge
    if [ -n "$1" ]; then start_accounting; fi
    start_slurm
    sinfo -N -o '%N %P %T %c CPUs %m MB %G'
}

case ${1:-} in
    install) install_packages ;;
    start) start_cluster "$([ "${2:-}" = --accounting ] && echo yes || true)" ;;
    stop) stop_cluster ;;
    *) refuse "expected install, start [--accounting] or stop, got '${*:-}'." ;;
esac
