// Loaded before the server: tells the test that started it how much memory the process has had at the most.
process.on('message', () => process.send?.(process.resourceUsage().maxRSS * 1024));
