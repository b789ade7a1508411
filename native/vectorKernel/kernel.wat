;; Exact search over int8 vectors with WebAssembly SIMD (128 bit, not relaxed): the same code on every system.
;; Lengths are in values and multiples of 16; vectors are padded with zeros.
(module
  (memory (export "memory") 1)

  ;; score[n] = scale[n] * sum(query[i] * row n[i]). The query is int16, rows are int8, sums are int32: the caller keeps the
  ;; query small enough that 127 * length * its largest value stays below 2^31.
  (func (export "score")
    (param $query i32) (param $length i32) (param $row i32) (param $scale i32) (param $rows i32) (param $score i32)
    (local $end i32) (local $at i32) (local $low v128) (local $high v128) (local $values v128)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $rows)))
        (local.set $low (v128.const i32x4 0 0 0 0))
        (local.set $high (v128.const i32x4 0 0 0 0))
        (local.set $at (local.get $query))
        (local.set $end (i32.add (local.get $row) (local.get $length)))
        (loop $inner
          (local.set $values (v128.load (local.get $row)))
          (local.set $low (i32x4.add (local.get $low)
            (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_s (local.get $values)) (v128.load (local.get $at)))))
          (local.set $high (i32x4.add (local.get $high)
            (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_s (local.get $values)) (v128.load offset=16 (local.get $at)))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (br_if $inner (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const 16))) (local.get $end))))
        (local.set $low (i32x4.add (local.get $low) (local.get $high)))
        (f32.store (local.get $score)
          (f32.mul (f32.load (local.get $scale))
            (f32.convert_i32_s
              (i32.add
                (i32.add (i32x4.extract_lane 0 (local.get $low)) (i32x4.extract_lane 1 (local.get $low)))
                (i32.add (i32x4.extract_lane 2 (local.get $low)) (i32x4.extract_lane 3 (local.get $low)))))))
        (local.set $scale (i32.add (local.get $scale) (i32.const 4)))
        (local.set $score (i32.add (local.get $score) (i32.const 4)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $next))))

  ;; Writes the int8 codes of an f32 vector and the scale that turns codes into the unit vector. Returns the vector's norm;
  ;; nothing is written when it is not a number above 1e-12, or infinite.
  (func (export "quantise") (param $source i32) (param $length i32) (param $row i32) (param $scale i32) (result f32)
    (local $at i32) (local $end i32) (local $values v128) (local $largest v128) (local $squares v128)
    (local $norm f32) (local $max f32) (local $inverse v128)
    (local.set $at (local.get $source))
    (local.set $end (i32.add (local.get $source) (i32.mul (local.get $length) (i32.const 4))))
    (loop $inner
      (local.set $values (v128.load (local.get $at)))
      (local.set $largest (f32x4.max (local.get $largest) (f32x4.abs (local.get $values))))
      (local.set $squares (f32x4.add (local.get $squares) (f32x4.mul (local.get $values) (local.get $values))))
      (br_if $inner (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.set $norm (f32.sqrt
      (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $squares)) (f32x4.extract_lane 1 (local.get $squares)))
        (f32.add (f32x4.extract_lane 2 (local.get $squares)) (f32x4.extract_lane 3 (local.get $squares))))))
    (if (i32.eqz (i32.and
        (f32.gt (local.get $norm) (f32.const 1e-12))
        (f32.lt (local.get $norm) (f32.const inf))))
      (then (return (local.get $norm))))
    (local.set $max
      (f32.max
        (f32.max (f32x4.extract_lane 0 (local.get $largest)) (f32x4.extract_lane 1 (local.get $largest)))
        (f32.max (f32x4.extract_lane 2 (local.get $largest)) (f32x4.extract_lane 3 (local.get $largest)))))
    (f32.store (local.get $scale) (f32.div (f32.div (local.get $max) (f32.const 127)) (local.get $norm)))
    (local.set $inverse (f32x4.splat (f32.div (f32.const 127) (local.get $max))))
    (local.set $at (local.get $source))
    (loop $codes
      (v128.store (local.get $row)
        (i8x16.narrow_i16x8_s
          (i16x8.narrow_i32x4_s
            (i32x4.trunc_sat_f32x4_s (f32x4.nearest (f32x4.mul (local.get $inverse) (v128.load (local.get $at)))))
            (i32x4.trunc_sat_f32x4_s (f32x4.nearest (f32x4.mul (local.get $inverse) (v128.load offset=16 (local.get $at))))))
          (i16x8.narrow_i32x4_s
            (i32x4.trunc_sat_f32x4_s (f32x4.nearest (f32x4.mul (local.get $inverse) (v128.load offset=32 (local.get $at)))))
            (i32x4.trunc_sat_f32x4_s (f32x4.nearest (f32x4.mul (local.get $inverse) (v128.load offset=48 (local.get $at))))))))
      (local.set $row (i32.add (local.get $row) (i32.const 16)))
      (br_if $codes (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $end))))
    (local.get $norm)))
