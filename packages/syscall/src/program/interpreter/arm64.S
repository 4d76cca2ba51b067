// The interpreter of a Program on arm64. Records and addresses are those that x64.S describes.

        .globl  _start
_start: movz    x19, #0x80, lsl #16
        movk    x19, #0x0290
step:   ldr     w9, [x19]
        and     w10, w9, #0xff
        cmp     w10, #1
        b.eq    copy
        b.hi    branch

        .macro  argument number
        ldrsw   x\number, [x19, #16+4*\number]
        tbz     w9, #8+\number, 1f
        ldr     x\number, [x\number]
1:
        .endm
        argument 0
        argument 1
        argument 2
        argument 3
        argument 4
        argument 5
        ldr     w8, [x19, #4]
        svc     #0
        ldr     w9, [x19, #8]
        cbz     w9, 1f
        str     x0, [x9]
1:      cmn     x0, #4095
        b.lo    called
        ldr     w9, [x19, #12]
        cbz     w9, called
        movz    x10, #0x80, lsl #16
        movk    x10, #0x0280
        stp     x19, x0, [x10]
        mov     w19, w9
        b       step
called: ldrh    w9, [x19, #2]
        add     x19, x19, x9
        b       step

copy:   ldp     w9, w10, [x19, #4]
        ldr     w11, [x19, #12]
1:      cbz     w11, 2f
        ldrb    w12, [x10], #1
        strb    w12, [x9], #1
        sub     w11, w11, #1
        b       1b
2:      add     x19, x19, #16
        b       step

branch: cmp     w10, #2
        b.ne    jump
        ldp     w9, w10, [x19, #4]
        ldp     w11, w12, [x19, #12]
        ldr     x9, [x9]
        ldr     x10, [x10]
        ldr     x11, [x11]
        and     x9, x9, x10
        cmp     x9, x11
        b.ne    1f
        mov     w19, w12
        b       step
1:      add     x19, x19, #20
        b       step

jump:   cmp     w10, #3
        b.ne    end
        ldr     w19, [x19, #4]
        b       step

end:    brk     #0
