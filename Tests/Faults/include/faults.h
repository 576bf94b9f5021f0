/* Nothing to call: the library is preloaded. faults.c says what it does. */
