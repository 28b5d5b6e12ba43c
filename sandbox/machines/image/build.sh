#!/usr/bin/env bash
# Builds what the sandbox's machines boot from: build.sh SUITE FOLDER ROLE...
#   ROLE.ext4     a disk of each role that is asked for
#   kernel, initrd
#   bare.ext4     a fresh Debian host: SSH and sudo, no NFS, no rule of a firewall
#   client.ext4   the same with an NFS client
#   server.ext4   the same with an NFS server, as its package leaves it
#   enforcing.ext4  the same with SELinux's policy and every file labelled; the kernel is to be told to enforce it
# Packages come from where this machine's own apt gets Debian's.
set -euo pipefail

suite=$1 roles=" ${*:3} "
base=(linux-image-cloud-amd64 systemd-sysv udev dbus openssh-server sudo iproute2 iputils-ping netcat-openbsd procps kmod)
# Debian's usual hosts have nftables, and Python, which is compiled when it is installed: minutes of an emulated processor.
base+=(nftables python3 python3-firewall)
client=(netbase nfs-common libnfs-utils)
# What a host may be asked to install; the machines reach no mirror.
offline=(nfs-kernel-server iptables iptables-persistent firewalld acl python3 python3-apt "${client[@]}")
selinux=(selinux-policy-default policycoreutils)
if [[ $roles == *" enforcing "* ]]; then offline+=("${selinux[@]}"); fi

image=$(dirname "$(realpath "$0")")
cd "$2"
export OFFLINE_PACKAGES="${offline[*]}"$'\n'ufw # a line each for what cannot be installed together

# shellcheck source=/dev/null
source /etc/os-release # this machine's own release, VERSION_CODENAME
# shellcheck disable=SC2016 # apt's variables, not the shell's
apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
  sed --quiet "s/ $VERSION_CODENAME/ $suite/p" >sources.list || true
apt-config dump Acquire >apt.conf
mirror=()
if [ -s sources.list ]; then mirror=("$PWD/sources.list"); fi # else mmdebstrap takes Debian's own

echo "downloading and unpacking Debian $suite"
mmdebstrap --quiet --mode=root --variant=minbase --format=directory \
  --aptopt="$PWD/apt.conf" --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-confold \
  --include="$(IFS=,; echo "${base[*]}")" \
  --essential-hook="$image/copy-files.sh" --customize-hook="$image/customize.sh" \
  "$suite" root "${mirror[@]}"

mv root/boot/vmlinuz-* kernel
mv root/boot/initrd.img-* initrd
printf '#!/bin/sh\nexit 101\n' >root/usr/sbin/policy-rc.d # starts no service here
chmod +x root/usr/sbin/policy-rc.d

install() {
  echo "installing $*"
  unshare --net --pid --fork --kill-child --mount-proc="$PWD/root/proc" chroot root sh -ec "
    export DEBIAN_FRONTEND=noninteractive
    apt-get --quiet=2 update
    apt-get --quiet=2 --yes install $*" >install.log 2>&1 || { cat install.log; exit 1; }
}

write_disk() {
  if [[ $roles != *" $1 "* ]]; then return; fi
  echo "writing the disk $1"
  mv root/usr/sbin/policy-rc.d .
  mkfs.ext4 -q -d root "$1.ext4" 4G >/dev/null
  mv policy-rc.d root/usr/sbin/
}

install # nothing, but the lists of packages are there, as on most hosts
write_disk bare
install "${client[@]}"
write_disk client
install nfs-kernel-server
write_disk server
if [[ $roles == *" enforcing "* ]]; then
  install "${selinux[@]}"
  chroot root setfiles -F /etc/selinux/default/contexts/files/file_contexts /
  write_disk enforcing
fi

rm --recursive root sources.list apt.conf install.log
