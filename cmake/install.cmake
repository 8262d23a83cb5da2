# What `cmake --install build/release --prefix DIR` puts where: the program, its manual page, what has bash and zsh complete
# its words, and under
# share/vqclip what runs with them as it stands, the job files with the demo models, the batch scripts and the analysis.
set(share "${CMAKE_INSTALL_DATADIR}/vqclip")

install(TARGETS vqclip RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
get_target_property(page manual VQC_PAGE)
get_target_property(bash manual VQC_BASH)
get_target_property(zsh manual VQC_ZSH)
install(FILES "${page}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES "${bash}" DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES "${zsh}" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
install(DIRECTORY jobs DESTINATION "${share}" USE_SOURCE_PERMISSIONS PATTERN picturebook EXCLUDE PATTERN weights EXCLUDE)
install(DIRECTORY slurm analysis DESTINATION "${share}" USE_SOURCE_PERMISSIONS PATTERN __pycache__ EXCLUDE)
install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES README.md CHANGELOG.md CITATION.cff LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
