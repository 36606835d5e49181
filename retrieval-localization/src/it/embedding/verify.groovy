// Runs the application in four shapes; each must end well and print nothing.
def target = new File(basedir, 'app/target')
def app = new File(target, 'app-1.jar')
def lib = new File(target, 'lib')
def java = new File(System.getProperty('java.home'), 'bin/java').path
def work = new File(target, 'work')
work.mkdirs()

def megabytes = lib.listFiles().sum { it.length() } / 1e6
println "libraries: ${lib.list().sort()}, ${megabytes} MB"
assert megabytes < 5 : "core, localization and all they need are ${megabytes} MB"
assert !lib.list().any { it =~ /nd4j|opencv|onnx/ }

def run = { String shape, List<String> arguments ->
    def process = new ProcessBuilder(([java, '-Xmx256m'] + arguments)*.toString()).redirectErrorStream(true).start()
    def output = process.inputStream.text
    def code = process.waitFor()
    assert code == 0 && output.isEmpty() : "${shape}: exit code ${code}, printed: ${output}"
    println "${shape}: ok"
}
def separator = File.pathSeparator
run('plain', ['-cp', "${app}${separator}${lib}/*", 'com.example.app.Main', work.path])
run('shaded', ['-jar', new File(target, 'app-1-shaded.jar').path, work.path])
run('nested JARs', ['-jar', new File(target, 'app-1-nested.jar').path, work.path])
run('own class loader', ['-cp', app.path, 'com.example.app.Isolated', work.path, app.path, lib.path])
return true
