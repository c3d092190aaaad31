# Writes version.cc with the commit of the source tree, only if it changed:
#   cmake -DSOURCE=… -DOUTPUT=… -DRTML_VERSION=… -DRTML_BUILD_TYPE=… -P RtmlVersion.cmake

execute_process(
  COMMAND git -C "${SOURCE}" rev-parse --verify HEAD
  OUTPUT_VARIABLE RTML_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(RTML_COMMIT "")  # Built from an archive without history.
endif()
configure_file("${SOURCE}/cli/version.cc.in" "${OUTPUT}" @ONLY)
