// A shared library beside a manifest, but no plugin.

extern "C" int rtml_some_other_symbol();

extern "C" __attribute__((visibility("default"))) int rtml_some_other_symbol() {
  return 0;
}
