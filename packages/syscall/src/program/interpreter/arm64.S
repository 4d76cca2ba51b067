// The interpreter of a Program on arm64. Records and addresses are those that x64.S describes.

        .globl  _start
_start: movz    x19, #0x80, lsl #16
        movk    x19, #0x0290
step:   ldr     w0, [x19]
        cmp     w0, #1
        b.eq    copy
        b.hi    branch

        ldr     w9, [x19, #4]
        .macro  argument number
        ldr     x\number, [x19, #16+8*\number]
        tbz     w9, #\number, 1f
        ldr     x\number, [x\number]
1:
        .endm
        argument 0
        argument 1
        argument 2
        argument 3
        argument 4
        argument 5
        ldr     x8, [x19, #8]
        svc     #0
        ldr     x9, [x19, #64]
        cbz     x9, 1f
        str     x0, [x9]
1:      cmn     x0, #4095
        b.lo    next
        ldr     x9, [x19, #72]
        cbz     x9, next
        movz    x10, #0x80, lsl #16
        movk    x10, #0x0280
        stp     x19, x0, [x10]
        mov     x19, x9
        b       step

copy:   ldp     x9, x10, [x19, #8]
        ldr     x11, [x19, #24]
1:      cbz     x11, next
        ldrb    w12, [x10], #1
        strb    w12, [x9], #1
        sub     x11, x11, #1
        b       1b
next:   add     x19, x19, #80
        b       step

branch: cmp     w0, #2
        b.ne    end
        ldp     x9, x10, [x19, #8]
        ldr     x9, [x9]
        and     x9, x9, x10
        ldr     x10, [x19, #24]
        cmp     x9, x10
        b.ne    next
        ldr     x19, [x19, #32]
        b       step

end:    brk     #0
