//! A machine that has other work.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Busy loops, until this is dropped.
#[derive(Debug)]
pub(super) struct Load {
    is_over: Arc<AtomicBool>,
    loops: Vec<JoinHandle<u64>>,
}

impl Load {
    pub(super) fn of(loops: u64) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let loops = (0..loops).map(|_| {
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || {
                let mut turns = 0_u64;
                while !is_over.load(Ordering::Relaxed) {
                    turns = black_box(turns.wrapping_add(1));
                }
                turns
            })
        });
        Self { loops: loops.collect(), is_over }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for turning in self.loops.drain(..) {
            // It does nothing that could fail.
            turning.join().map(drop).unwrap_or_default();
        }
    }
}
