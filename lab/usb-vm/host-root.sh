# For busybox's sh in the guest: the file system of the machine that runs QEMU, read-only, with a layer of
# memory over it, as a root to change into (`chroot /r`). Nothing is copied, so Node and npm packages of that
# machine run in the guest as they are. Needs `hostFiles` of runInGuest.
mkdir -p /h /o /r
mount -t 9p -o trans=virtio,ro,version=9p2000.L,msize=524288,cache=loose host /h || exit 90
mount -t tmpfs tmpfs /o && mkdir -p /o/u /o/w
mount -t overlay -o lowerdir=/h,upperdir=/o/u,workdir=/o/w overlay /r || exit 91
mount -t proc proc /r/proc
mount -t sysfs sysfs /r/sys
mount -t devtmpfs devtmpfs /r/dev
mkdir -p /r/dev/pts /r/job
mount -t devpts devpts /r/dev/pts
cp -r /job/files/. /r/job/
