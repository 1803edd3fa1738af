#!/bin/bash
# Prepares a server for JVM clusters and, on its first boot, starts the members installed on it.
# The user-data of a server calls it as `bash /home/init.sh`, before anything else has been set up.
set -Eeuo pipefail

readonly NAME=ecs-cluster-kit
readonly LOG_TAG=init.sh
readonly LOCK=/run/${NAME}-init.lock
readonly MARKER=/var/lib/${NAME}/first-boot

readonly SYSCTL_FILE=/etc/sysctl.d/60-${NAME}.conf
readonly LIMITS_FILE=/etc/systemd/system/hazelcast@.service.d/60-${NAME}.conf
readonly THP_UNIT=transparent-hugepages-never.service
readonly THP_UNIT_FILE=/etc/systemd/system/${THP_UNIT}
readonly THP_DIR=/sys/kernel/mm/transparent_hugepage

# Hazelcast 5.3, "Production Checklist" and "Performance Tips". `most` and `least` are bounds: a kernel that is
# already better off keeps its value.
readonly SYSCTLS=(
  "vm.swappiness most 10"
  "net.core.rmem_max least 2097152"
  "net.core.wmem_max least 2097152"
  "net.ipv4.tcp_rmem least 8192 131072 6291456"
  "net.ipv4.tcp_wmem least 8192 131072 6291456"
)

# The time a member has to open its port; formation of the cluster is not waited for.
readonly MEMBER_SECONDS=60

with_members=true
check_only=false
changes=0
refused=()

usage() {
  cat <<'HELP'
Usage: init.sh [--no-start] [--check] [--help]

Applies the operating-system settings JVM clusters want (swappiness, socket buffers, transparent huge pages,
limits) and, once in a server's life, completes the configuration of the Hazelcast members installed on it (a private
image leaves open what differs from server to server) and starts them. Running it again changes nothing.

  --no-start  apply the operating-system settings only
  --check     say what would change and change nothing
  --help      print this

What was done goes to the standard output and to the journal (journalctl -t init.sh); every change is a line that
begins with "changed:" ("would change:" with --check). Exit code: 0 done; 1 failed; 2 wrong usage.
HELP
}

say() {
  printf '%s\n' "$*"
  # A chroot (an image being built) has no journal; the standard output is enough there.
  logger --tag "$LOG_TAG" -- "$*" 2>/dev/null || true
}

die() {
  say "failed: $*" >&2
  exit 1
}

# changed WHAT: counts and announces one change.
changed() {
  changes=$((changes + 1))
  if $check_only; then
    say "would change: $*"
  else
    say "changed: $*"
  fi
}

parse_arguments() {
  local argument
  for argument in "$@"; do
    case $argument in
      --no-start) with_members=false ;;
      --check) check_only=true ;;
      --help) usage; exit 0 ;;
      *) usage >&2; exit 2 ;;
    esac
  done
}

systemd_runs() { [[ -d /run/systemd/system ]]; }

# install_text PATH, text on stdin: the file holds exactly this text, readable by all, written in one step.
install_text() {
  local path=$1 text
  text=$(cat)
  if [[ -f $path && $(<"$path") == "$text" && $(stat -c %a "$path") == 644 ]]; then
    return
  fi
  changed "$path"
  if $check_only; then
    return
  fi
  mkdir -p "$(dirname "$path")"
  printf '%s\n' "$text" >"$path.new"
  chmod 0644 "$path.new"
  mv "$path.new" "$path"
}

# --- operating-system settings ------------------------------------------------------------------------------------

# bounded most|least WANTED CURRENT: field by field the one that satisfies the bound.
bounded() {
  local bound=$1 i
  local -a wanted current result=()
  read -ra wanted <<<"$2"
  read -ra current <<<"$3"
  for i in "${!wanted[@]}"; do
    local want=${wanted[i]} have=${current[i]:-}
    if [[ -z $have ]] || { [[ $bound == least ]] && ((have < want)); } || { [[ $bound == most ]] && ((have > want)); }; then
      have=$want
    fi
    result+=("$have")
  done
  printf '%s\n' "${result[*]}"
}

# sysctl_value KEY: the value now, fields separated by one space; empty where this kernel or namespace has no such key.
sysctl_value() {
  local fields=() file=/proc/sys/${1//.//}
  [[ ! -r $file ]] || read -ra fields <"$file"
  printf '%s\n' "${fields[*]}"
}

# set_sysctl KEY VALUE, in the running kernel; without procps, which minimal images lack.
set_sysctl() {
  local key=$1 value=$2 file=/proc/sys/${1//.//}
  if [[ $(sysctl_value "$key") == "$value" ]]; then
    return
  fi
  if [[ -w $file ]] && { $check_only || printf '%s\n' "$value" 2>/dev/null >"$file"; }; then
    changed "$key = $value"
  else
    refused+=("$key")
  fi
}

apply_sysctls() {
  local entry key bound wanted value text="# Managed by /home/init.sh"
  local -A values=()
  for entry in "${SYSCTLS[@]}"; do
    read -r key bound wanted <<<"$entry"
    value=$(bounded "$bound" "$wanted" "$(sysctl_value "$key")")
    values[$key]=$value
    text+=$'\n'"$key = $value"
  done
  install_text "$SYSCTL_FILE" <<<"$text"
  for entry in "${SYSCTLS[@]}"; do
    key=${entry%% *}
    set_sysctl "$key" "${values[$key]}"
  done
}

# thp_is_never: both knobs say [never], or the kernel has none.
thp_is_never() {
  local knob
  for knob in "$THP_DIR"/{enabled,defrag}; do
    [[ ! -e $knob || $(<"$knob") == *"[never]"* ]] || return 1
  done
}

install_units() {
  local before=$changes
  # In a container sysfs belongs to the machine below: the condition skips the unit there instead of failing it.
  install_text "$THP_UNIT_FILE" <<UNIT
# Managed by /home/init.sh
[Unit]
Description=Transparent huge pages are never used
DefaultDependencies=no
After=sysinit.target local-fs.target
Before=basic.target
ConditionPathIsReadWrite=$THP_DIR

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'echo never >$THP_DIR/enabled && echo never >$THP_DIR/defrag'

[Install]
WantedBy=basic.target
UNIT
  install_text "$LIMITS_FILE" <<'UNIT'
# Managed by /home/init.sh
[Service]
LimitNOFILE=65536
LimitNPROC=8192
TasksMax=8192
UNIT
  if ((changes > before)) && ! $check_only && systemd_runs; then
    systemctl daemon-reload
  fi
}

apply_thp() {
  if [[ ! -L /etc/systemd/system/basic.target.wants/$THP_UNIT ]]; then
    changed "$THP_UNIT is enabled"
    $check_only || systemctl --quiet enable "$THP_UNIT"
  fi
  if thp_is_never; then
    return
  fi
  if ! systemd_runs || [[ ! -w $THP_DIR/enabled ]]; then
    refused+=(transparent_hugepage)
    return
  fi
  changed "transparent huge pages are never used"
  # restart: the unit may have run and somebody else have changed the setting since.
  $check_only || systemctl restart "$THP_UNIT"
}

apply_os_settings() {
  apply_sysctls
  install_units
  apply_thp
  if ((${#refused[@]} > 0)); then
    say "not set, the kernel refuses (virtualization: $(systemd-detect-virt 2>/dev/null || true)): ${refused[*]}"
  fi
}

# --- members ------------------------------------------------------------------------------------------------------

# server_identity: a server made from an image of another one is another server. Both parts are needed: without a
# metadata service every server has cloud-init's id "iid-datasource-none", and an image may carry its machine-id along.
server_identity() {
  cat /var/lib/cloud/data/instance-id /etc/machine-id 2>/dev/null || true
}

# first_boot_programs: what homes of Hazelcast bring along for the places of their configuration that are still empty.
first_boot_programs() { compgen -G '/home/hazelcast-*/bin/ecs-first-boot' || true; }

# complete_configurations: every hazelcast.xml says what a member needs to start, or why it cannot is said.
complete_configurations() {
  local program config said code
  local -a options=()
  if $check_only; then
    options=(--check)
  fi
  for program in $(first_boot_programs); do
    config=${program%/bin/*}/config/hazelcast.xml
    code=0
    said=$("$program" complete "$config" "${options[@]}") || code=$?
    [[ -z $said ]] || say "$said"
    changes=$((changes + $(grep -c '^changed: ' <<<"$said" || true)))
    ((code == 0)) || die "$config is not complete: its members are not started"
  done
}

# wait_for_turn: members that were made together join a running cluster one after the other.
wait_for_turn() {
  local program seconds
  for program in $(first_boot_programs); do
    seconds=$("$program" join-delay "${program%/bin/*}/config/hazelcast.xml")
    if ((seconds > 0)); then
      say "members join in $seconds s: servers made with this one go first"
      $check_only || sleep "$seconds"
    fi
  done
}

hazelcast_is_installed() { compgen -G '/home/hazelcast-*/config/hazelcast.xml' >/dev/null; }

# member_units: the members enabled on this server, one a line, by port.
member_units() {
  local link
  for link in /etc/systemd/system/*.wants/hazelcast@*.service; do
    if [[ ${link##*/} =~ ^hazelcast@[0-9]+\.service$ ]]; then
      printf '%s\n' "${link##*/}"
    fi
  done | sort -u
}

# listens PORT, on any address (/proc/net/tcp: state 0A is LISTEN).
listens() {
  grep -qsiE "^ *[0-9]+: [0-9A-F]+:$(printf '%04X' "$1") [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6
}

# start_member UNIT, and wait until it listens; its port is the name of its instance.
start_member() {
  local unit=$1 port deadline
  if ! $check_only; then
    port=${unit#*@}
    port=${port%.service}
    systemctl start "$unit" || die "$unit did not start; see: journalctl -u $unit"
    deadline=$((SECONDS + MEMBER_SECONDS))
    until listens "$port"; do
      ((SECONDS < deadline)) || die "$unit has not opened port $port within $MEMBER_SECONDS s; see: journalctl -u $unit"
      sleep 1
    done
  fi
  changed "$unit is started"
}

# One after the other: Hazelcast 5.3.1 loses registrations when members of one server join in one batch (HZ-2797).
start_members() {
  local unit
  local -a units
  mapfile -t units < <(member_units)
  if ((${#units[@]} == 0)); then
    say "Hazelcast is installed, but no hazelcast@PORT.service is enabled: nothing to start"
  fi
  for unit in "${units[@]}"; do
    if ! systemctl --quiet is-active "$unit"; then
      start_member "$unit"
    fi
  done
}

start_members_on_first_boot() {
  local identity
  identity=$(server_identity)
  if [[ -f $MARKER && $(<"$MARKER") == "$identity" ]]; then
    say "members are left as they are: the first boot of this server is over"
    return
  fi
  if hazelcast_is_installed; then
    complete_configurations
    wait_for_turn
    start_members
  else
    say "no Hazelcast home below /home: nothing to start"
  fi
  # Written last: a boot whose members did not come up may be tried again.
  install_text "$MARKER" <<<"$identity"
}

main() {
  parse_arguments "$@"
  ((EUID == 0)) || die "init.sh must run as root"
  # cloud-init may still be in here when Ansible comes.
  exec 9>"$LOCK"
  flock --wait 300 9 || die "another init.sh has been running for 300 s (it holds $LOCK)"
  trap 'say "failed: line $LINENO: $BASH_COMMAND" >&2' ERR
  apply_os_settings
  if $with_members; then
    systemd_runs || die "systemd does not run here; use --no-start"
    start_members_on_first_boot
  fi
}

main "$@"
