#ifndef _INC_ERRNO
#define _INC_ERRNO
typedef int errno_t;
#define EPERM 1
#define ENOENT 2
#define EIO 5
#define ENOMEM 12
#define EINVAL 22
#define ERANGE 34
#define STRUNCATE 80
#endif
