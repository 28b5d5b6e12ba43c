#!/bin/bash
# Turns the bare system in folder $1 into a host of the sandbox.
set -euo pipefail
cd "$1"

echo "collecting packages for offline installation"
while read -r packages; do
  # shellcheck disable=SC2086 # a list of words
  APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get --yes --quiet=2 --download-only install $packages </dev/null
done <<<"$OFFLINE_PACKAGES"
mkdir srv/packages
mv var/cache/apt/archives/*.deb srv/packages
(cd srv/packages && dpkg-scanpackages --multiversion . >Packages 2>/dev/null)
find etc/apt -name '*sources.list' -delete # sandbox.list is left, with srv/packages

chroot . useradd --create-home --shell /bin/bash ops
chroot . systemctl --quiet enable seed systemd-networkd
# They would hold dpkg's lock or keep the disk busy at a moment of their own choice.
chroot . systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
  systemd-tmpfiles-clean.timer
# Emulated processors are slow: no consoles to log in on, and nothing else at boot that no test has to do with. What one of
# the releases has not is remarked on.
chroot . systemctl --quiet mask getty.target systemd-logind.service e2scrub_reap.service ldconfig.service \
  systemd-{binfmt,firstboot,hibernate-clear,machine-id-commit,network-generator,pstore,repart}.service \
  systemd-{journal-catalog-update,update-utmp,update-utmp-runlevel,tpm2-setup,tpm2-setup-early}.service \
  systemd-{pcrmachine,pcrphase,pcrphase-sysinit}.service systemd-{creds,hostnamed,pcrextend,pcrlock,sysext}.socket \
  systemd-ask-password-{console,wall}.path {crypt,integrity,verity}setup.target \
  dev-{hugepages,mqueue}.mount sys-fs-fuse-connections.mount sys-kernel-{config,debug,tracing}.mount proc-sys-fs-binfmt_misc.automount 2>/dev/null
chroot . systemctl --quiet set-default multi-user.target
# Whenever a unit is enabled all of them are run, which takes such a processor seconds. Here only fstab has something to generate.
mkdir --parents etc/systemd/system-generators
for generator in usr/lib/systemd/system-generators/systemd-*; do
  if [ "${generator##*/}" != systemd-fstab-generator ]; then ln --symbolic /dev/null "etc/systemd/system-generators/${generator##*/}"; fi
done
# QEMU is given the kernel and the initrd: rebuilding one inside would only cost time.
echo update_initramfs=no >etc/initramfs-tools/update-initramfs.conf

rm --force etc/ssh/ssh_host_* etc/resolv.conf
: >etc/machine-id # made at the first boot
touch etc/.updated var/.updated # or systemd rebuilds its hardware database then
