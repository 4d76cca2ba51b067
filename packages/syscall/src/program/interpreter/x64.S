# The interpreter of a Program on x86-64: walks a table of 80-byte records until one ends the process.
#
# A record begins with its kind (32 bits). What follows, by kind, at these offsets:
#   0 call    4 mask of the arguments that are addresses of the number rather than the number itself
#             8 system call   16..56 six arguments   64 where to put the result, or 0
#            72 record to go on with when the result is an error, or 0
#   1 copy    8 to   16 from   24 how many bytes
#   2 branch  8 address of a word   16 mask   24 value   32 record to go on with when (word & mask) == value
#   3 end     a trap: nothing may come here
#
# The word at 0x800280 is the record that failed last, the one behind it its error. The table begins at 0x800290.

        .globl  _start
_start: movl    $0x800290, %ebx
step:   movl    (%rbx), %eax
        cmpl    $1, %eax
        je      copy
        ja      branch

        movl    4(%rbx), %ecx
        .macro  argument number, register
        movq    16+8*\number(%rbx), %\register
        testb   $1<<\number, %cl
        jz      1f
        movq    (%\register), %\register
1:
        .endm
        argument 0, rdi
        argument 1, rsi
        argument 2, rdx
        argument 3, r10
        argument 4, r8
        argument 5, r9
        movq    8(%rbx), %rax
        syscall
        movq    64(%rbx), %rcx
        jrcxz   1f
        movq    %rax, (%rcx)
1:      cmpq    $-4095, %rax
        jb      next
        movq    72(%rbx), %rcx
        jrcxz   next
        movq    %rbx, 0x800280
        movq    %rax, 0x800288
        movq    %rcx, %rbx
        jmp     step

copy:   movq    8(%rbx), %rdi
        movq    16(%rbx), %rsi
        movq    24(%rbx), %rcx
        rep movsb
next:   addq    $80, %rbx
        jmp     step

branch: cmpl    $2, %eax
        jne     end
        movq    8(%rbx), %rax
        movq    (%rax), %rax
        andq    16(%rbx), %rax
        cmpq    24(%rbx), %rax
        jne     next
        movq    32(%rbx), %rbx
        jmp     step

end:    ud2
