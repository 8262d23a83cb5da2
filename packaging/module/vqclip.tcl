#%Module1.0
# vqclip, for Environment Modules and Lmod: copy to a folder of MODULEPATH as vqclip/0.2.0, and set the prefix that it was
# installed in.
set prefix /opt/vqclip/0.2.0

proc ModulesHelp {} {
    puts stderr "Pictures from text by optimisation, on clusters. vqclip --help; vqclip render quickstart -o DIR makes twelve."
}
module-whatis "vqclip 0.2.0: pictures from text by optimisation, on clusters"
conflict vqclip
prepend-path PATH $prefix/bin
prepend-path MANPATH $prefix/share/man
append-path MANPATH "" ;# and where man looks by itself
setenv VQCLIP $prefix/bin/vqclip
