//! Keeping the computer awake, on the systems where this process can ask for it by itself. On Linux a service on a bus is
//! asked, which is not done here.

use std::io;

use crate::imp;

/// Held for as long as the computer does not fall asleep for idleness. The system lets go of it with the process.
#[derive(Debug)]
pub struct KeptAwake {
    _lock: imp::Lock,
}

/// Keeps the computer from falling asleep for idleness. Whoever closes its lid or sends it to sleep is obeyed as ever.
///
/// # Errors
/// When the system refuses.
pub fn keep_awake() -> io::Result<KeptAwake> {
    imp::keep_awake().map(|lock| KeptAwake { _lock: lock })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_granted_as_often_as_somebody_asks() {
        let first = keep_awake().expect("it is granted");
        let _second = keep_awake().expect("it is granted");
        drop(first);
        keep_awake().expect("it is granted again");
    }
}
