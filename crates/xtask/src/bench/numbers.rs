//! Many values in few words.

use std::time::Duration;

/// The middle of the values; the values are sorted on the way.
pub(super) fn median(values: &mut [Duration]) -> Duration {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The largest of the values.
pub(super) fn worst(values: &[Duration]) -> Duration {
    values.iter().copied().max().unwrap_or_default()
}

/// Milliseconds, as people read them.
pub(super) fn ms(value: Duration) -> String {
    format!("{:.1} ms", value.as_secs_f64() * 1e3)
}

/// Seconds, as people read them.
pub(super) fn seconds(value: Duration) -> String {
    format!("{:.2} s", value.as_secs_f64())
}

/// Kibibytes as megabytes of 10⁶ bytes.
pub(super) fn megabytes(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) * 1024.0 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_value_in_the_middle_and_the_worst_the_largest() {
        let mut values = [30, 10, 500].map(Duration::from_millis);
        assert_eq!(median(&mut values), Duration::from_millis(30));
        assert_eq!(worst(&values), Duration::from_millis(500));
        assert_eq!((ms(values[0]), seconds(values[2])), ("10.0 ms".to_owned(), "0.50 s".to_owned()));
    }

    #[test]
    fn nothing_measured_is_zero_and_no_panic() {
        assert_eq!((median(&mut []), worst(&[])), (Duration::ZERO, Duration::ZERO));
    }
}
