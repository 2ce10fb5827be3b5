//! Work-arounds in the environment of the web view's own processes.

/// With the DMA-BUF renderer the window stays blank on some drivers (NVIDIA, virtual machines). Whoever set
/// the variable knows better: `WEBKIT_DISABLE_DMABUF_RENDERER=0` brings the renderer back.
pub fn work_around_blank_windows() {
    #[cfg(target_os = "linux")]
    {
        const NAME: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
        if std::env::var_os(NAME).is_none() {
            // SAFETY: called before anything else in `main`; no other thread exists that could read the
            // environment at the same time.
            #[expect(unsafe_code, reason = "the web view reads it from the environment only")]
            unsafe {
                std::env::set_var(NAME, "1");
            }
        }
    }
}
