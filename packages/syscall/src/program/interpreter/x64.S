# The interpreter of a Program on x86-64: walks a table of records until one ends the process.
#
# A record is made of 32-bit words. The low byte of the first is its kind; what follows, by kind:
#   0 call    bits 8..13 of the first word: which arguments are addresses of the number, rather than the number itself
#             bits 16..31: how many bytes the record has
#             1 system call   2 where to put the result, or 0   3 record to go on with when the result is an error, or 0
#             4.. arguments, extended with their sign, as many as the call has: what it is given in their stead is what follows
#   1 copy    1 to   2 from   3 how many bytes
#   2 branch  1 address of a number   2 address of a mask   3 address of a value
#             4 record to go on with when (number & mask) == value
#   3 jump    1 record to go on with
#   4 end     a trap: nothing may come here
#
# The 64-bit word at 0x800280 is the record that failed last, the one behind it its error. The table begins at 0x800290.

        .globl  _start
_start: movl    $0x800290, %ebx
step:   movl    (%rbx), %ecx
        cmpb    $1, %cl
        je      copy
        ja      branch

        .macro  argument number, register
        movslq  16+4*\number(%rbx), %\register
        testl   $0x100<<\number, %ecx
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
        movl    4(%rbx), %eax
        syscall
        movl    8(%rbx), %ecx
        jrcxz   1f
        movq    %rax, (%rcx)
1:      cmpq    $-4095, %rax
        jb      called
        movl    12(%rbx), %ecx
        jrcxz   called
        movq    %rbx, 0x800280
        movq    %rax, 0x800288
        movl    %ecx, %ebx
        jmp     step
called: movzwl  2(%rbx), %ecx
        addl    %ecx, %ebx
        jmp     step

copy:   movl    4(%rbx), %edi
        movl    8(%rbx), %esi
        movl    12(%rbx), %ecx
        rep movsb
        addl    $16, %ebx
        jmp     step

branch: cmpb    $2, %cl
        jne     jump
        movl    4(%rbx), %eax
        movl    8(%rbx), %ecx
        movl    12(%rbx), %edx
        movq    (%rax), %rax
        andq    (%rcx), %rax
        cmpq    (%rdx), %rax
        jne     1f
        movl    16(%rbx), %ebx
        jmp     step
1:      addl    $20, %ebx
        jmp     step

jump:   cmpb    $3, %cl
        jne     end
        movl    4(%rbx), %ebx
        jmp     step

end:    ud2
