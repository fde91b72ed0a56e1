// Names Linux file systems by the magic number that statfs reports, so that unsafe ones can be refused by name.

const NAMES = new Map<number, string>([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0xf2f52010, 'f2fs'],
  [0xca451a4e, 'bcachefs'],
  [0x794c7630, 'overlayfs'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
  [0x6969, 'nfs'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x517b, 'smb'],
  [0x00c36400, 'ceph'],
  [0x5346414f, 'afs'],
  [0x0bd00bd0, 'lustre'],
  [0x01021997, '9p'],
  [0x65735546, 'fuse'],
])

/** ext2 and ext3 share the number of ext4. A number without a name is returned in hexadecimal. */
export function fileSystemName(type: number): string {
  // Where the field is 32 bits wide, numbers from 0x80000000 up arrive negative, so they are made unsigned.
  const magic = type >>> 0
  return NAMES.get(magic) ?? `0x${magic.toString(16)}`
}
